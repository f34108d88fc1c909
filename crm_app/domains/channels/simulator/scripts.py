"""Customers who act by themselves: what they open with and how they react to answers. Pure data and one rule.

A script is a list of turns. For each answer of the business the customer looks for the first branch of the
present turn whose words stand in it, else says the turn's default; after the last turn there is silence.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from crm_app.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange: `branches` pair words to look for with the reaction to them."""

    default: tuple[str, ...]
    branches: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    def answer(self, text: str) -> tuple[str, ...]:
        """Return what the customer says to `text`."""
        folded = _fold(text)
        for words, lines in self.branches:
            if any(re.search(rf"\b{re.escape(_fold(word))}", folded) for word in words):
                return lines
        return self.default


@dataclass(frozen=True, slots=True)
class Script:
    """One customer with one matter."""

    key: str
    name: str
    number: str
    opening: tuple[str, ...]
    turns: tuple[Turn, ...] = field(default=())

    def answer(self, turn: int, text: str) -> tuple[str, ...]:
        """Return the reaction in the given turn (counted from 0); nothing when all is said."""
        return self.turns[turn].answer(text) if turn < len(self.turns) else ()


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(one for one in plain if not unicodedata.combining(one))


_CALL = ("ligar", "ligação", "reunião", "chamada", "conversar", "agenda", "horário")
_PRICE = ("r$", "reais", "valor", "preço", "custa", "mensal", "investimento", "orçamento")
_SORRY = ("desculp", "sinto muito", "problema", "resolver", "verific")

SCRIPTS: tuple[Script, ...] = (
    Script(
        key="clinic",
        name="Dra. Larissa Amaral",
        number="+5541991110101",
        opening=(
            "Oi, bom dia! Vi o trabalho de vocês no Instagram da Padaria Trigal 😊",
            "Tenho uma clínica de fisioterapia em Curitiba e quero atrair mais pacientes particulares. "
            "Vocês atendem a área da saúde?",
        ),
        turns=(
            Turn(
                default=(
                    "Que bom! Hoje a gente recebe uns 40 pacientes por mês e quase tudo é indicação.",
                    "Quanto custa mais ou menos para cuidar do Instagram e dos anúncios?",
                ),
                branches=(
                    (
                        ("não atendemos", "não trabalhamos"),
                        ("Ah, que pena. Conhecem alguma agência que atenda clínica?",),
                    ),
                    (
                        _CALL,
                        (
                            "Pode ser sim. Hoje só consigo depois das 18h, entre um paciente e outro.",
                            "Mas antes me dá uma ideia de valor? Só pra eu saber se cabe.",
                        ),
                    ),
                ),
            ),
            Turn(
                default=("Entendi. E em quanto tempo costuma dar resultado?",),
                branches=(
                    (
                        _PRICE,
                        (
                            "Hmm, era um pouco mais do que eu pensava, mas faz sentido.",
                            "Esse valor já inclui o que vai pro Google e pro Instagram ou é à parte?",
                        ),
                    ),
                    (_CALL, ("Combinado. Quinta às 18h30 fica bom pra você?",)),
                ),
            ),
            Turn(
                default=("Perfeito. Me manda uma proposta por escrito que eu mostro pra minha sócia hoje?",),
                branches=((_CALL, ("Fechado, te espero então! Meu e-mail é camila@clinicaprado.com.br",)),),
            ),
            Turn(default=("Obrigada pela atenção, viu? Te dou um retorno até amanhã 🙏",)),
        ),
    ),
    Script(
        key="restaurant",
        name="Seu Nelson, Cantina do Porto",
        number="+5541992220202",
        opening=("Boa tarde. Aqui é o Nelson da Cantina do Porto", "voces fazem site com cardapio e pedido?"),
        turns=(
            Turn(
                default=("certo", "eu quero sair do aplicativo de entrega, eles ficam com 27% de tudo"),
                branches=(
                    (_PRICE, ("opa, direto ao ponto, gostei kkk", "e tem mensalidade depois ou é só isso?")),
                ),
            ),
            Turn(
                default=("e da pra receber no pix direto?",),
                branches=(
                    (("pix",), ("ótimo, pix é o principal aqui", "quanto tempo pra ficar pronto?")),
                    (_CALL, ("pode passar aqui na cantina, eu te sirvo um café", "terça de manhã é mais calmo")),
                ),
            ),
            Turn(
                default=("beleza, quanto tempo leva?",),
                branches=(
                    (("dia", "semana", "prazo"), ("fechou, semana que vem tem feriado mas pode ser",)),
                    (_PRICE, ("faz em 3 vezes?",)),
                ),
            ),
            Turn(default=("então pode mandar o contrato. cnpj eu te passo amanha cedo",)),
        ),
    ),
    Script(
        key="complaint",
        name="Renata Bastos",
        number="+5511993330303",
        opening=(
            "Oi, tudo bem?",
            "O anúncio que subiu ontem está com o telefone ERRADO. Já é a segunda vez.",
            "Estou pagando clique pra cliente ligar pra outra pessoa 😤",
        ),
        turns=(
            Turn(
                default=("E aí, alguém consegue pausar isso agora?",),
                branches=(
                    (_SORRY, ("Tá, mas consegue pausar o anúncio AGORA enquanto corrige?",)),
                    (("paus", "parei", "tirei do ar"), ("Ufa. Obrigada por ser rápido nisso.",)),
                ),
            ),
            Turn(
                default=("O número certo é (11) 3322-4400. Confirma pra mim quando trocar.",),
                branches=(
                    (
                        ("desconto", "crédito", "compens", "devol"),
                        ("Agradeço. O número certo é (11) 3322-4400.",),
                    ),
                ),
            ),
            Turn(
                default=("Ok, vou testar aqui pelo celular do meu marido.", "Agora sim apareceu certo. Obrigada."),
                branches=((("confirm", "corrig", "pronto", "feito"), ("Testei aqui, agora está certo. Valeu!",)),),
            ),
        ),
    ),
    Script(
        key="hurry",
        name="Thiago Munhoz",
        number="+5541994440404",
        opening=(
            "E aí, beleza? Preciso de um vídeo institucional de 1 min pra uma feira",
            "É pra dia 20, dá tempo?",
        ),
        turns=(
            Turn(
                default=(
                    "Boa! É pra feira da indústria lá em Joinville. Já temos as imagens da fábrica em drone.",
                ),
                branches=(
                    (
                        ("não dá", "não conseg", "impossível", "difícil"),
                        ("Poxa… e se for só com imagens que a gente já tem? Temos drone e tudo.",),
                    ),
                    (_PRICE, ("Valor não é o problema, o prazo é que é. Me passa o pacote completo.",)),
                ),
            ),
            Turn(
                default=("Quer que eu suba o material no Drive?",),
                branches=(
                    (("drive", "material", "arquivo", "imagens"), ("Subindo agora, são uns 12 GB.",)),
                    (_CALL, ("Me liga em 10 min? Tô saindo de uma reunião.",)),
                ),
            ),
            Turn(
                default=("Show. Quem aprova é minha chefe, a Lígia. Posso incluir ela na conversa?",),
                branches=((_PRICE, ("Ok, passando pro financeiro agora. Emite nota com 15 dias?",)),),
            ),
            Turn(default=("Fechado! 🚀",)),
        ),
    ),
    Script(
        key="wedding",
        name="Bianca e Otávio",
        number="+5548995550505",
        opening=(
            "Oii! Peguei o contato de vocês com a Lívia da Flor de Lis 🌷",
            "A gente casa em novembro em Floripa e queria uma identidade pros convites e um sitezinho. "
            "Vocês fazem?",
        ),
        turns=(
            Turn(
                default=("São uns 120 convidados, cerimônia na praia e festa no mesmo lugar ❤️",),
                branches=(
                    (
                        ("não fazemos", "não trabalhamos"),
                        ("Aaah entendi 😕 tem alguém que você indicaria?",),
                    ),
                    (_PRICE, ("Uau, cabe certinho no que a gente separou!", "Dá pra parcelar até o casamento?")),
                ),
            ),
            Turn(
                default=("A gente ama verde oliva e terracota, bem clean.",),
                branches=(
                    (
                        ("cor", "estilo", "referência", "paleta"),
                        ("Verde oliva e terracota! Tenho uma pasta no Pinterest, te mando o link.",),
                    ),
                    (_CALL, ("Sábado de manhã nós dois conseguimos, por vídeo pode ser?",)),
                ),
            ),
            Turn(
                default=("E como funciona pra começar? Tem contrato, sinal…?",),
                branches=(
                    (
                        ("contrato", "sinal", "entrada"),
                        ("Perfeito, pode mandar no meu e-mail bia@exemplo.com.br",),
                    ),
                ),
            ),
            Turn(default=("Obrigadaaa, já tô ansiosa pra ver! 🥰",)),
        ),
    ),
    Script(
        key="school",
        name="Colégio Novo Saber · Marta",
        number="+5541996660606",
        opening=(
            "Boa tarde, meu nome é Marta, sou coordenadora do Colégio Novo Saber.",
            "Estamos cotando a campanha de matrículas 2027 com três agências. Com quem eu falo?",
        ),
        turns=(
            Turn(
                default=(
                    "Prazer. São duas unidades, 640 alunos hoje, meta de 90 matrículas novas.",
                    "Preciso da proposta até sexta, com cronograma.",
                ),
                branches=(
                    (
                        _CALL,
                        ("Podemos falar amanhã às 10h, mas preciso de algo por escrito até sexta.",),
                    ),
                ),
            ),
            Turn(
                default=("Vocês já fizeram campanha para escola? Tem algum caso para eu mostrar à diretoria?",),
                branches=(
                    (
                        ("case", "caso", "portfólio", "cliente"),
                        ("Ótimo, resultado com número é o que a diretoria pergunta.",),
                    ),
                    (_PRICE, ("Anotado. Esse valor é fixo até março?",)),
                ),
            ),
            Turn(default=("Certo. Aguardo a proposta no e-mail coordenacao@novosaber.exemplo.br. Obrigada!",)),
        ),
    ),
)


def find_script(key: str) -> Script:
    """Return a script by its key. Raises `NotFound`."""
    script = next((one for one in SCRIPTS if one.key == key), None)
    if script is None:
        raise NotFound(kind="script")
    return script
