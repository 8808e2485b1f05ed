// Tests of the style's tokens: node --test tests/scripts/
//
// Colours of results and of categories keep a distance from each other, and the failure rate gets steadily darker or
// lighter, for normal vision and for readers without one kind of cone. Contrast is tested where an organisation's theme
// is checked: src/server/config/theme.rs.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const STYLE = fileURLToPath(new URL("../../style", import.meta.url));
const TOKENS = "_tokens.scss";

/** The least distance (ΔE*ab, CIE 1976) of two colours that must not be taken for each other. */
const LEAST_DISTANCE = 21;
/** The least difference in lightness (L*, of 100) of neighbouring steps of the failure rate. */
const LEAST_STEP = 4;

/**
 * How linear sRGB looks. Without red or green cones: F. Viénot, H. Brettel, J. D. Mollon, Digital video colourmaps
 * (1999); without blue cones: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A physiologically-based model (2009).
 */
const VISION = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
  deutan: [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]];
const WHITE = [0.95047, 1, 1.08883];

const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index], 0));

function linear(colour) {
  const digits = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit) : colour.slice(1).match(/../g);
  return digits.map((pair) => {
    const value = Number.parseInt(pair, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** L*, a*, b* of a colour as it is seen. */
function lab(colour, vision) {
  const seen = times(VISION[vision], linear(colour)).map((value) => Math.min(1, Math.max(0, value)));
  const [x, y, z] = times(XYZ, seen).map((value, index) => {
    const share = value / WHITE[index];
    return share > 216 / 24389 ? Math.cbrt(share) : ((24389 / 27) * share + 16) / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a, b) => Math.hypot(...a.map((value, index) => value - b[index]));

/** The tokens of a colour mode, by name. */
function tokens(mode) {
  const text = readFileSync(path.join(STYLE, TOKENS), "utf8");
  const block = (name) => text.match(new RegExp(`@mixin ${name} \\{([^}]*)\\}`))[1];
  const read = (name) => [...block(name).matchAll(/--([\w-]+): (#[0-9a-f]+);/g)].map((match) => [match[1], match[2]]);
  return Object.fromEntries([...read("light"), ...(mode === "dark" ? read("dark") : [])]);
}

function assertApart(all, names, vision) {
  for (const [index, name] of names.entries()) {
    for (const other of names.slice(0, index)) {
      const apart = distance(lab(all[name], vision), lab(all[other], vision));
      assert.ok(apart >= LEAST_DISTANCE, `--${name} and --${other}: ${apart.toFixed(1)} of ${LEAST_DISTANCE}`);
    }
  }
}

for (const mode of ["light", "dark"]) {
  const all = tokens(mode);
  const numbered = (name) => Object.keys(all).filter((key) => new RegExp(`^${name}-\\d$`).test(key));
  for (const vision of Object.keys(VISION)) {
    test(`results are told apart: ${mode}, ${vision}`, () => {
      assertApart(all, ["success", "failure", "unstable", "aborted", "other"], vision);
    });

    test(`categories are told apart: ${mode}, ${vision}`, () => {
      const names = numbered("category");
      assert.equal(names.length, 8);
      assertApart(all, names, vision);
    });

    test(`the failure rate goes one way: ${mode}, ${vision}`, () => {
      const names = numbered("rate");
      assert.equal(names.length, 6);
      // From the ground away: darker on light, lighter on dark.
      const way = mode === "light" ? -1 : 1;
      const lightness = names.map((name) => lab(all[name], vision)[0]);
      for (const [index, name] of names.entries()) {
        if (index === 0) continue;
        const step = way * (lightness[index] - lightness[index - 1]);
        assert.ok(step >= LEAST_STEP, `--${name} differs by ${step.toFixed(1)} of ${LEAST_STEP}`);
      }
    });
  }
}

test("distances are those of known colours", () => {
  assert.ok(distance(lab("#fff", "normal"), [100, 0, 0]) < 0.1);
  assert.ok(distance(lab("#ff0000", "normal"), [53.24, 80.09, 67.2]) < 0.1);
  // Red and green that only differ for those who see both.
  assert.ok(distance(lab("#d4351c", "normal"), lab("#6f7a1c", "normal")) > 60);
  assert.ok(distance(lab("#d4351c", "deutan"), lab("#6f7a1c", "deutan")) < LEAST_DISTANCE);
});

/** The colours that CSS names; those of the system, `transparent` and `currentColor` are no colours of ours. */
const NAMED =
  "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke yellow yellowgreen";
const COLOUR = new RegExp(
  `(?:#|%23)[0-9a-f]{3,8}\\b|\\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\\(|(?<![\\w-])(?:${NAMED.replaceAll(" ", "|")})(?![\\w-])`,
  "i",
);

/** Returns the colours that a style sheet names itself. Properties, values and lists; no selectors and comments. */
function named(text) {
  const lines = text.replace(/\/\*[^]*?\*\/|(?<!:)\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, " ")).split("\n");
  return lines.flatMap((line, index) => {
    const value = line.includes("{") && !line.includes("#{") && !line.includes("url(") ? "" : line.replace(/^\s*[\w$-]+\s*:/, "").replaceAll("#{", "");
    return COLOUR.test(value) ? [`${index + 1}: ${line.trim()}`] : [];
  });
}

test("no style names a colour outside the tokens", () => {
  const faults = readdirSync(STYLE)
    .filter((file) => file !== TOKENS)
    .flatMap((file) => named(readFileSync(path.join(STYLE, file), "utf8")).map((fault) => `style/${file}:${fault}`));
  assert.deepEqual(faults, []);
});

test("every way of naming a colour is found", () => {
  for (const value of ["#fff", "#1D70B8", "rgb(0 0 0)", "hsla(1, 2%, 3%, 1)", "1px solid Red", "url(\"data:%23505a5f\")"]) {
    assert.equal(named(`a {\n  border: ${value};\n}`).length, 1, value);
  }
  for (const fine of [".red-list {", "  color: var(--red);", "  white-space: nowrap;", "  color: transparent; // not red", "#{$x}: 1px;", "  color: CanvasText;"]) {
    assert.deepEqual(named(fine), [], fine);
  }
});
