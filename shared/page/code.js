// A part of the pages' script, which stands in script.js.
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
