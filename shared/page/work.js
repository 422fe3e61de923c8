// The part of the pages' script that solves the challenge of a form. It stands in script.js.
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
