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

  // Its rules are ticked off while it is typed, counted as the server does: characters after NFKC.
  var patterns = { min_length: /[^]/gu, capital_letters: /\p{Lu}/gu, lowercase_letters: /\p{Ll}/gu, digits: /\p{Nd}/gu, special_characters: /[^\p{L}\p{Nd}]/gu };
  var rules = document.querySelectorAll("#password-rules [data-rule]");
  if (password && rules.length) {
    password.addEventListener("input", function () {
      var text = password.value.normalize("NFKC");
      rules.forEach(function (rule) {
        var pattern = patterns[rule.dataset.rule];
        if (pattern) rule.classList.toggle("met", (text.match(pattern) || []).length >= Number(rule.dataset.bound));
      });
    });
  }

  // A code that is pasted with what stands around it is freed of that.
  var code = $("code");
  if (code && code.type !== "hidden") {
    code.addEventListener("paste", function (event) {
      var digits = (event.clipboardData.getData("text").normalize("NFKC").match(/\d(?:[\s\-\u2010\u2013]*\d){5,}/) || [""])[0].replace(/\D/g, "");
      if (digits) {
        event.preventDefault();
        code.value = digits;
      }
    });
  }

  // A new code can be asked for after a pause.
  var again = $("again");
  if (again && Number(again.dataset.wait) > 0) {
    var label = again.textContent, until = Date.now() + Number(again.dataset.wait) * 1000;
    var tick = function () {
      var left = Math.ceil((until - Date.now()) / 1000);
      again.disabled = left > 0;
      again.textContent = left > 0 ? again.dataset.later.replace("{n}", left) : label;
      if (left > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  // While mails are scarce a form has a challenge: the number which, behind the salt, has the given SHA-256 hash. It is looked for in
  // slices of a few milliseconds, so that the page stays responsive, from when the form is first touched. Salt and number fit into one
  // block of the hash.
  var constants = [], start = [], toWord = function (root) { return (root % 1) * 4294967296 | 0; };
  for (var prime = 2; constants.length < 64; prime++) {
    var divisor = 2;
    while (prime % divisor) divisor++;
    if (divisor < prime) continue;
    if (start.length < 8) start.push(toWord(Math.sqrt(prime)));
    constants.push(toWord(Math.cbrt(prime)));
  }
  var words = new Int32Array(64), state = new Int32Array(8);
  var put = function (text, at) {
    for (var i = 0; i < text.length; i++, at++) words[at >> 2] |= text.charCodeAt(i) << 24 - at % 4 * 8;
  };
  var turn = function (x, n) { return x >>> n | x << 32 - n; };
  // hash leaves the hash of the text, of at most 55 characters, in state.
  var hash = function (salt, number) {
    var a, b, c, d, e, f, g, h, i, x, y;
    words.fill(0, 0, 16);
    put(salt, 0);
    put(number + "\x80", salt.length);
    words[15] = (salt + number).length * 8;
    for (i = 16; i < 64; i++) {
      x = words[i - 15];
      y = words[i - 2];
      words[i] = words[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + words[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
    }
    a = start[0]; b = start[1]; c = start[2]; d = start[3]; e = start[4]; f = start[5]; g = start[6]; h = start[7];
    for (i = 0; i < 64; i++) {
      x = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + constants[i] + words[i] | 0;
      y = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + x | 0; d = c; c = b; b = a; a = x + y | 0;
    }
    [a, b, c, d, e, f, g, h].forEach(function (word, i) { state[i] = word + start[i]; });
  };
  var solve = function (field, done) {
    var asked = JSON.parse(field.dataset.challenge), number = 0, wanted = parseInt(asked.challenge.slice(0, 8), 16) | 0, began = Date.now();
    var slice = function () {
      for (var until = Date.now() + 10; number <= asked.maxnumber && Date.now() < until;) {
        for (var most = Math.min(number + 200, asked.maxnumber + 1); number < most; number++) {
          hash(asked.salt, number);
          if (state[0] !== wanted) continue;
          field.value = btoa(JSON.stringify({
            algorithm: asked.algorithm, challenge: asked.challenge, number: number, salt: asked.salt, signature: asked.signature, took: Date.now() - began
          }));
          return done();
        }
      }
      if (number > asked.maxnumber) return done();
      setTimeout(slice);
    };
    slice();
  };

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
      if (field) solve(field, ready);
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
