// Runs before the first paint: brand and navigation as they were left, so that nothing flashes (the theme's class is
// set by Reflex itself), and forms that wait for the page.
(function () {
  var root = document.documentElement;
  var keep = function (key) { try { return localStorage.getItem(key); } catch (e) { return null; } };
  var brand = (keep("prumo_brand") || "").split(":").map(Number);
  if (brand.length === 2 && brand.every(isFinite)) {
    root.style.setProperty("--brand-h", brand[0]);
    root.style.setProperty("--brand-c", brand[1]);
  }
  if (keep("prumo_nav") === "rail") root.classList.add("nav-rail");
  // Below this width there is no room for the navigation's words, on any screen.
  var little = window.matchMedia("(max-width: 1199px)");
  var fit = function () { root.classList.toggle("nav-narrow", little.matches); };
  little.addEventListener("change", fit);
  fit();
  // The page was built in Portuguese: for another language it stays hidden until its words are in place.
  if (/(?:^|; )prumo_language=en(?:;|$)/.test(document.cookie)) root.classList.add("wait-words");
  setTimeout(function () { root.classList.remove("wait-words"); }, 4000);
  // Until the page has come alive the browser itself would send a form: what was typed, a password too, into the
  // address. It waits, and is sent then.
  var early = null;
  var hold = function (event) {
    event.preventDefault();
    early = event;
  };
  document.addEventListener("submit", hold, true);
  window.prumoAlive = function () {
    document.removeEventListener("submit", hold, true);
    root.classList.add("alive");
    if (early && early.target.isConnected) early.target.requestSubmit(early.submitter);
    early = null;
  };
})();
