// Runs before the first paint: brand and navigation as they were left, so that nothing flashes. (The theme's
// class is set by Reflex itself.)
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
})();
