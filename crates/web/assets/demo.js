// Reads /demo/state each second and redraws the panes. Text only, never HTML from the server.
(function () {
  "use strict";
  var body = document.body;
  var offset = Number(body.dataset.now) - Date.now();
  var last = {};

  function at(state, path) {
    return path.split(".").reduce(function (value, key) { return value == null ? null : value[key]; }, state);
  }
  function make(tag, text, name) {
    var node = document.createElement(tag);
    if (name) node.className = name;
    if (text != null) node.textContent = text;
    for (var i = 3; i < arguments.length; i += 1) if (arguments[i]) node.appendChild(arguments[i]);
    return node;
  }
  var draw = {
    messages: function (m) { return make("li", null, "", make("small", m.at), document.createTextNode(m.text)); },
    active: function (a) {
      var left = make("b", "", "num");
      if (a.ends_ms) left.dataset.ends = a.ends_ms;
      return make("li", null, "active", make("div", null, "", make("code", a.user), make("small", a.mac)),
        left, make("small", "↓ " + a.down + " ↑ " + a.up), make("small", a.rate));
    },
    hosts: function (h) { return make("li", null, h.authorized ? "host in" : "host", make("code", h.mac), make("small", h.ip)); },
    packets: function (p) {
      return make("li", null, p.from_router ? "packet from" : "packet", make("small", p.at),
        make("span", null, "", make("b", p.name), make("small", p.detail)));
    },
    timeline: function (s) {
      return make("li", null, s.tone, make("i"), make("span", null, "", make("b", s.text)),
        make("span", s.at, "num", make("small", s.gap)));
    },
    entries: function (e) { return make("li", null, "entry", make("small", e.at), make("span", e.account), make("b", e.amount, "num")); }
  };

  function list(name, rows) {
    var box = document.querySelector("[data-list=" + name + "]");
    var now = JSON.stringify(rows);
    if (now === last[name]) return;
    var old = last[name] ? JSON.parse(last[name]).map(function (row) { return JSON.stringify(row); }) : null;
    last[name] = now;
    box.textContent = "";
    rows.forEach(function (row) {
      var node = draw[name](row);
      if (old && old.indexOf(JSON.stringify(row)) < 0 && name !== "active") node.classList.add("fresh");
      box.appendChild(node);
    });
  }
  function show(state) {
    offset = state.now_ms - Date.now();
    document.querySelectorAll("[data-text]").forEach(function (node) {
      var text = at(state, node.dataset.text);
      if (text != null && node.textContent !== String(text)) node.textContent = text;
    });
    document.querySelectorAll("[data-value]").forEach(function (node) { node.value = at(state, node.dataset.value) || ""; });
    var open = Boolean(state.prompt.open);
    var box = document.querySelector("[data-show=prompt]");
    if (open && box.hidden) document.getElementById("pin").value = "";
    box.hidden = !open;
    document.querySelector("[data-show=no-prompt]").hidden = open;
    list("messages", state.prompt.messages);
    list("active", state.router.active);
    list("hosts", state.router.hosts);
    list("packets", state.router.packets);
    list("timeline", state.money.timeline);
    list("entries", state.money.entries);
    document.querySelector("[data-empty=active]").hidden = state.router.active.length > 0;
    var chip = document.querySelector("[data-balanced]");
    chip.className = "state " + (state.money.balanced ? "ok" : "bad");
    chip.textContent = state.money.balanced ? chip.dataset.good : chip.dataset.wrong;
    tick();
  }
  function tick() {
    document.querySelectorAll("[data-ends]").forEach(function (node) {
      var left = Math.max(0, Math.round((Number(node.dataset.ends) - Date.now() - offset) / 1000));
      var hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60, seconds = left % 60;
      node.textContent = (hours ? hours + ":" + String(minutes).padStart(2, "0") : minutes) + ":" + String(seconds).padStart(2, "0");
    });
  }
  function poll() {
    fetch(body.dataset.state, { cache: "no-store" })
      .then(function (answer) { return answer.json(); })
      .then(show)
      .catch(function () { /* the server restarts: try again */ })
      .then(function () { setTimeout(poll, 1000); });
  }
  // Forms of the simulators answer without leaving the page.
  document.querySelectorAll("form[data-quiet]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var button = event.submitter;
      var action = button && button.hasAttribute("formaction") ? button.formAction : form.action;
      fetch(action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    });
  });
  document.querySelectorAll("select[data-auto]").forEach(function (select) {
    select.addEventListener("change", function () { select.form.requestSubmit(); });
  });
  document.querySelectorAll("[data-key]").forEach(function (key) {
    key.addEventListener("click", function () {
      var pin = document.getElementById("pin");
      pin.value = key.dataset.key === "back" ? pin.value.slice(0, -1) : (pin.value + key.dataset.key).slice(0, 4);
    });
  });
  setInterval(tick, 250);
  tick();
  poll();
})();
