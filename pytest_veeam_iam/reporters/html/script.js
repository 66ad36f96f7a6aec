"use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (id) => document.getElementById(id);

for (const control of all(".js")) control.hidden = false;

// Theme: what the system says, until somebody says otherwise.
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
const nameTheme = () => { one("theme").textContent = isDark() ? "Light theme" : "Dark theme"; };
one("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
dark.addEventListener("change", nameTheme);
nameTheme();

// Filter: a row of the matrix and the policy below it go together; what is granted is no place to search.
const policies = all(".policy"), rows = all(".matrix tbody tr");
const told = (policy) => [...policy.children].filter((part) => !part.matches(".granted, .statements")).map((part) => part.textContent).join("\n").toLowerCase();
let texts;
const filter = () => {
  const words = one("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) texts ??= policies.map(told);
  const state = document.querySelector("[name=state]:checked").value;
  let count = 0;
  policies.forEach((policy, index) => {
    const fits = (!state || policy.dataset.state === state) && words.every((word) => texts[index].includes(word));
    policy.hidden = rows[index].hidden = !fits;
    count += fits;
  });
  one("shown").textContent = `${count.toLocaleString("en")} of ${policies.length.toLocaleString("en")} shown`;
};
if (policies.length) {
  document.querySelector(".controls").addEventListener("input", filter);
  addEventListener("pageshow", filter); // some browsers fill in what was typed before
  one("open").addEventListener("click", () => { for (const policy of policies) if (!policy.hidden) policy.open = true; });
  one("close").addEventListener("click", () => { for (const policy of policies) policy.open = false; });
}

// An address opens what it leads to.
const reveal = () => {
  const target = one(location.hash.slice(1));
  for (let place = target; place; place = place.parentElement) if (place.localName === "details") place.open = true;
  target?.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();

// Copy: where the browser gives no clipboard, a selection is copied; what it holds is the whole text, line ends and all.
const select = (text) => {
  getSelection().selectAllChildren(text);
  const give = (event) => { event.clipboardData.setData("text/plain", text.textContent); event.preventDefault(); };
  document.addEventListener("copy", give, { once: true });
  return document.execCommand("copy");
};
for (const button of all("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = one(button.dataset.copy);
    const done = await navigator.clipboard?.writeText(text.textContent).then(() => true, () => false) || select(text);
    button.textContent = done ? "Copied" : "Selected";
  });
}

// Paper shows everything; afterwards all is as it was.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details:not([open])");
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
