// Repositories of build events, so that the stand-ins for Cosmos DB and GitHub describe one organisation.

/** Returns the names of the repositories in events as NDJSON, each once, sorted. */
export function repositoriesOf(events) {
  const names = events.matchAll(/"git_url":"[^"]*\/([^"/]+?)(?:\.git)?"/g);
  return [...new Set([...names].map(([, name]) => name))].sort();
}

/** Returns the kind of code of a repository by its name. */
export function kindOf(name) {
  if (/-(frontend|web|webapp|ui)$/.test(name)) return "node";
  if (/-(baker|loader|rotator|router|sync|tools)$/.test(name)) return "python";
  return "java";
}
