/** The layers of web/src; each rule's comment says why it is there. */
const noReact = "node_modules/(react|react-dom|@mantine|@tanstack/react-[^/]+|@tabler)/";
const below = (from, allowed) => ({
  name: `${from}-sees-only-its-own`,
  severity: "error",
  comment: `${from} may use ${allowed.join(", ") || "nothing"} of the app`,
  from: { path: `^src/${from}/` },
  to: { path: "^src/", pathNot: `^src/(${[from, ...allowed].join("|")})/` },
});

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    {
      name: "plain-typescript",
      severity: "error",
      comment: "the picture, the maths and the keys must outlive the component library",
      from: { path: "^src/(viewer|geometry|pixels|inference|keys|api/http|uploads)/" },
      to: { path: noReact },
    },
    below("geometry", []),
    below("pixels", ["geometry"]),
    below("inference", ["pixels", "geometry", "api"]),
    below("keys", []),
    below("api", ["geometry"]),
    below("viewer", ["pixels", "inference", "geometry", "api"]),
    below("outbox", ["api", "geometry"]),
    below("state", ["outbox", "viewer", "pixels", "inference", "geometry", "api", "keys"]),
    below("ui", []),
    {
      name: "features-are-blind-to-each-other",
      severity: "error",
      from: { path: "^src/features/([^/]+)/" },
      to: { path: "^src/features/", pathNot: "^src/features/$1/" },
    },
    { name: "features-do-not-know-the-app", severity: "error", from: { path: "^src/features/" }, to: { path: "^src/app/" } },
    { name: "no-orphans", severity: "error", from: { orphan: true, pathNot: "(main|worker|testing|\\.d|test-setup)\\.tsx?$" }, to: {} },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.test\\.tsx?$" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
