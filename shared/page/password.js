// A part of the pages' script, which stands in script.js.
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
