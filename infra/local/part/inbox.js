// Serves SES's API on 127.0.0.1: the command line of aws-ses-v2-local has no file for mails. Each line of
// the file is a mail. A line that a crash has cut short is left out.
const fs = require("fs"), path = require("path");
const [folder, port, file] = process.argv.slice(1);
const store = require(path.join(folder, "store.js"));
const most = 500; // mails that are kept

if (file) {
  const { emails } = store.getStoreReadonly(), write = { mode: 0o600 };
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  for (const line of text.split("\n").slice(-most - 1)) {
    try {
      emails.push(JSON.parse(line));
    } catch {}
  }
  fs.writeFileSync(file, emails.map((mail) => JSON.stringify(mail) + "\n").join(""), write);
  const { saveEmail, clearStore } = store;
  store.saveEmail = (mail) => {
    fs.appendFileSync(file, JSON.stringify(mail) + "\n", write);
    saveEmail(mail);
  };
  store.clearStore = () => {
    fs.writeFileSync(file, "", write);
    clearStore();
  };
}
require(path.join(folder, "index.js")).default({ host: "127.0.0.1", port: Number(port) });
