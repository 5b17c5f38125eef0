// Payments to confirm: a sound when another one comes, for those who switched it on. The page works without.
(function () {
  "use strict";
  var button = document.getElementById("sound"), KEY = "bando-sound", audio;
  if (!button || !window.AudioContext) return;
  function waiting() {
    return Array.from(document.querySelectorAll("[data-waits]"), function (card) { return card.dataset.waits; });
  }
  function isOn() {
    try { return localStorage.getItem(KEY) === "on"; } catch (_) { return false; }
  }
  function show() {
    var on = isOn();
    button.setAttribute("aria-pressed", on);
    button.textContent = on ? button.dataset.on : button.dataset.off;
  }
  // Two notes, rising. Browsers allow them once the page has been touched.
  function ring() {
    audio = audio || new AudioContext();
    audio.resume().then(function () {
      [660, 880].forEach(function (pitch, i) {
        var note = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime + i * 0.18;
        note.frequency.value = pitch;
        volume.gain.setValueAtTime(0.2, at);
        volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
        note.connect(volume).connect(audio.destination);
        note.start(at);
        note.stop(at + 0.3);
      });
    });
  }
  var known = waiting();
  document.addEventListener("htmx:afterSwap", function () {
    var now = waiting();
    if (isOn() && now.some(function (id) { return !known.includes(id); })) ring();
    known = now;
  });
  // What somebody types is not taken from under their hands.
  document.addEventListener("htmx:beforeSwap", function (event) {
    var typing = document.activeElement;
    if (typing && typing.tagName === "INPUT" && event.target.contains(typing)) event.detail.shouldSwap = false;
  });
  button.addEventListener("click", function () {
    try { localStorage.setItem(KEY, isOn() ? "off" : "on"); } catch (_) { return; }
    show();
    if (isOn()) ring();
  });
  button.hidden = false;
  show();
})();
