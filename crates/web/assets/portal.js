// Optional comforts; every page works without this file.
(function () {
  "use strict";
  // Waiting: count down, ask every two seconds, load the page again when it would look different.
  var wait = document.querySelector("[data-state]");
  if (wait) {
    var left = Number(wait.getAttribute("data-left"));
    var text = document.getElementById("left");
    var tries = 0;
    setInterval(function () {
      left = Math.max(0, left - 1);
      if (text) text.textContent = left;
    }, 1000);
    (function ask() {
      tries += 1;
      fetch(wait.getAttribute("data-state"), { cache: "no-store" })
        .then(function (answer) { return answer.json(); })
        .then(function (answer) {
          if (answer.state !== wait.getAttribute("data-now")) location.replace(location.href);
        })
        .catch(function () { /* no network for a moment: ask again */ })
        .then(function () { setTimeout(ask, tries < 60 ? 2000 : 6000); });
    })();
  }
  // Paid: hand the ticket to the router, once per page, so that "back" does not trap anybody.
  var login = document.querySelector("form[data-send]");
  if (login && performance.navigation && performance.navigation.type === 0) login.submit();
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
