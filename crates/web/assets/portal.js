// Optional comforts; every page works without this file.
(function () {
  "use strict";
  // Waiting: count down; load the page again when it would differ. The server says so, or is asked.
  var wait = document.querySelector("[data-state]");
  if (wait) {
    var left = Number(wait.getAttribute("data-left"));
    var text = document.getElementById("left");
    var tries = 0;
    setInterval(function () {
      left = Math.max(0, left - 1);
      if (text) text.textContent = left;
    }, 1000);
    var told = function (answer) {
      if (answer.state !== wait.getAttribute("data-now")) location.replace(location.href);
    };
    var ask = function () {
      tries += 1;
      fetch(wait.getAttribute("data-state"), { cache: "no-store" })
        .then(function (answer) { return answer.json(); })
        .then(told)
        .catch(function () { /* ask again */ })
        .then(function () { setTimeout(ask, tries < 60 ? 2000 : 6000); });
    };
    if (window.EventSource) {
      var events = new EventSource(wait.getAttribute("data-events"));
      events.onmessage = function (event) { told(JSON.parse(event.data)); };
      events.onerror = function () { events.close(); ask(); };
      // A page kept for "back" would keep its stream: a browser opens six at most.
      addEventListener("pagehide", function () { events.close(); });
      addEventListener("pageshow", function (event) { if (event.persisted) location.reload(); });
    } else ask();
  }
  // Copy buttons.
  if (navigator.clipboard) {
    document.querySelectorAll("[data-copy]").forEach(function (cell) {
      var value = cell.textContent;
      var button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = cell.getAttribute("data-copy");
      button.onclick = function () {
        navigator.clipboard.writeText(value).then(function () {
          button.textContent = cell.getAttribute("data-copied");
        });
      };
      cell.appendChild(button);
    });
  }
})();
