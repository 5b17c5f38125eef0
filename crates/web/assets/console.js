// Comforts of the console; every page works without this file.
(function () {
  "use strict";
  // A page that the browser keeps for "back" would keep its stream too, and a browser opens six at most.
  var stream;
  htmx.createEventSource = function (url) { return (stream = new EventSource(url)); };
  addEventListener("pagehide", function () { if (stream) stream.close(); });
  addEventListener("pageshow", function (event) { if (event.persisted) location.reload(); });
  document.addEventListener("click", function (event) {
    var copy = event.target.closest("[data-copy]");
    if (copy) {
      var text = document.querySelector(copy.getAttribute("data-copy")).textContent;
      navigator.clipboard.writeText(text).then(function () {
        copy.querySelector("span").textContent = copy.getAttribute("data-copied");
      });
    }
    if (event.target.closest("[data-print]")) window.print();
  });
  // Buttons that need a script are hidden until there is one.
  function reveal() {
    document.querySelectorAll("[data-print]").forEach(function (b) { b.hidden = false; });
    if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(function (b) { b.hidden = false; });
  }
  reveal();
  document.addEventListener("htmx:afterSwap", reveal);
  // Filters apply as they are chosen.
  document.querySelectorAll(".filters select").forEach(function (select) {
    select.addEventListener("change", function () { select.form.submit(); });
  });
  // "/" goes to the search field.
  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    var field = document.getElementById("q");
    if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });
})();
