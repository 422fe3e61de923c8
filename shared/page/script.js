// What the pages do better with a script. They do without it too.
(function () {
  "use strict";
  var $ = function (id) { return document.getElementById(id); };

  // The password can be shown.
  var password = $("password"), show = $("password-show");
  if (password && show) {
    show.hidden = false;
    show.addEventListener("click", function () {
      var hidden = password.type === "password";
      password.type = hidden ? "text" : "password";
      show.textContent = hidden ? show.dataset.hide : show.dataset.show;
      password.focus();
    });
  }

  // The answer to an application goes on its way at once.
  var send = document.querySelector("form[data-send]");
  if (send) send.submit();

  // part: password.js
  // part: code.js

  // What was typed is kept when the page is shown in another language, except passwords. It is kept in this tab alone, and only until then.
  var key = "typed " + location.pathname;
  var fields = document.querySelectorAll("main input:not([type=hidden]):not([type=password]), main select, main textarea");
  try { // a browser may let pages store nothing
    JSON.parse(sessionStorage[key] || "[]").forEach(function (kept, i) {
      if (fields[i]) fields[i].value = kept[0], fields[i].checked = kept[1];
    });
    delete sessionStorage[key];
    document.querySelector(".languages").addEventListener("click", function (event) {
      if (event.target.href) sessionStorage[key] = JSON.stringify([].map.call(fields, function (field) { return [field.value, field.checked]; }));
    });
  } catch (forbidden) {}

  // part: work.js

  // A form goes once, when its challenge is solved or has been worked at for four seconds. A page that comes back out of the browser's memory
  // has its buttons again.
  document.querySelectorAll("form").forEach(function (form) {
    var field = form.querySelector("[data-challenge]"), isReady = !field || !form.requestSubmit, waiting;
    var ready = function () {
      isReady = true;
      if (waiting) waiting();
      waiting = null;
    };
    var begin = function () {
      if (field) solve(field, ready); // which only a page with a challenge has
      field = null;
    };
    form.addEventListener("focusin", begin);
    form.addEventListener("pointerover", begin);
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      if (isReady) return;
      event.preventDefault();
      begin();
      waiting = function () {
        delete form.dataset.sent;
        form.requestSubmit(event.submitter);
      };
      setTimeout(ready, 4000);
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form").forEach(function (form) { delete form.dataset.sent; });
  });
})();
