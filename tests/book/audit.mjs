// Looks at every page as axe-core and html-validate do, in both themes and on a phone.
//
//     node audit.mjs MODULES BROWSER ADDRESS PAGE…
//
// MODULES is the folder into which npm installed playwright-core, axe-core and
// html-validate. Prints a line for each finding and, at the end, `done`.

import { createRequire } from "node:module";
import path from "node:path";
import { argv } from "node:process";

const [modules, browser, address, ...pages] = argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "node_modules", "."));
const { chromium } = require("playwright-core");
const { HtmlValidate } = require("html-validate");
const axe = require("axe-core").source;

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
// What mdBook itself draws around a page.
const OF_MDBOOK = ["#mdbook-sidebar-toggle"];
// The light theme on a wide screen, the dark one on a phone: each is seen once.
const VIEWS = [
    { theme: "light", width: 1280 },
    { theme: "navy", width: 390 },
];

const validator = new HtmlValidate({
    extends: ["html-validate:standard"],
    rules: {
        // A matter of taste, and mdBook's writer has its own.
        "void-style": "off",
        "no-trailing-whitespace": "off",
        "attr-quotes": "off",
        "long-title": "off",
        "no-inline-style": "off",
        "no-raw-characters": "off",
        // Names of items and headings: they begin with what they begin with.
        "valid-id": "off",
        "prefer-native-element": "off",
        "no-implicit-button-type": "off",
    },
});

const instance = await chromium.launch({
    executablePath: browser,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const found = (name, text) => console.log(`${name}: ${text}`);
for (const { theme, width } of VIEWS) {
    const context = await instance.newContext({ viewport: { width, height: 900 } });
    await context.addInitScript(
        (theme) => localStorage.setItem("mdbook-theme", theme),
        theme,
    );
    const page = await context.newPage();
    for (const name of pages) {
        const response = await page.goto(`${address}/${name}`);
        const view = `${name}, ${theme}, ${width} px`;
        if (theme === "light") {
            const main = (await response.text()).match(/<main>[\s\S]*?<\/main>/);
            const report = await validator.validateString(main ? main[0] : "");
            for (const { ruleId, message, line } of report.results.flatMap(
                ({ messages }) => messages,
            )) {
                found(name, `${ruleId}: ${message} (line ${line} of main)`);
            }
        }
        await page.evaluate(axe);
        const { violations } = await page.evaluate(
            (values) => window.axe.run(document, {
                runOnly: { type: "tag", values },
                resultTypes: ["violations"],
            }),
            RULES,
        );
        for (const { id, help, nodes } of violations) {
            const targets = nodes.map(({ target }) => target.join(" "));
            const own = targets.filter((target) => !OF_MDBOOK.includes(target));
            for (const target of own.slice(0, 3)) {
                found(view, `${id}: ${help}: ${target}`);
            }
        }
        // A page that scrolls sideways is too wide for the screen.
        const excess = await page.evaluate(
            () => document.documentElement.scrollWidth - window.innerWidth,
        );
        if (excess > 0) {
            found(view, `${excess} px too wide`);
        }
    }
    await context.close();
}
await instance.close();
console.log("done");
