// GraphQL executed against GitHub's schema, which rejects any query that GitHub would reject.

import { readFileSync } from "node:fs";
import { buildSchema, execute, GraphQLError, parse, validate } from "graphql";
import { entries } from "./world.mjs";

// Read the schema by file name: the package's entry point loads five megabytes more.
const description = new URL("schema.graphql", import.meta.resolve("@octokit/graphql-schema"));
const schema = buildSchema(readFileSync(description, "utf8"), { assumeValid: true, noLocation: true });

// GitHub truncates texts at this length.
const LONGEST_TEXT = 512_000;

function failed(type, message) {
  return new GraphQLError(message, { extensions: { type } });
}

function blob(content) {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
  const isBinary = bytes.includes(0);
  const isTruncated = bytes.length > LONGEST_TEXT;
  const text = isTruncated ? bytes.subarray(0, LONGEST_TEXT) : bytes;
  return {
    __typename: "Blob",
    byteSize: bytes.length,
    isBinary,
    isTruncated,
    text: isBinary ? null : text.toString("utf8"),
  };
}

function object(repository, expression) {
  const [revision, path] = expression.split(/:(.*)/s);
  if (revision !== "HEAD" || repository.empty) return null;
  if (repository.files.has(path)) return blob(repository.files.get(path));
  const found = entries(repository.files, path);
  if (found.length === 0) return null;
  return {
    __typename: "Tree",
    entries: found.map(([name, isFolder]) => ({ name, type: isFolder ? "tree" : "blob" })),
  };
}

function branch(world, found) {
  const refused = () => {
    if (world.withoutSettings.has(found.name))
      throw failed("FORBIDDEN", "Resource not accessible by personal access token");
  };
  return {
    name: found.branch,
    branchProtectionRule: () => (refused(), found.isProtected ? { id: `BPR_${found.name}` } : null),
    refUpdateRule: () => (refused(), null),
    rules: () => (refused(), { totalCount: 0, nodes: [] }),
  };
}

function repository(world, { owner, name }, asked) {
  asked.add(name);
  const found = world.find(owner, name);
  const type = found && world.graphqlErrors[found.name];
  if (type) throw failed(type, `Something is wrong with the Repository '${owner}/${name}'.`);
  if (!found || world.forbidden.has(found.name)) {
    throw failed("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  return {
    name: found.name,
    isEmpty: found.empty,
    viewerCanAdminister: world.isAdmin,
    defaultBranchRef: found.empty ? null : branch(world, found),
    object: ({ expression }) => object(found, expression),
  };
}

// GitHub puts an error's type next to its message.
function shape(error) {
  const { extensions, ...rest } = error.toJSON();
  return extensions?.type ? { type: extensions.type, ...rest } : rest;
}

export async function answer(world, body) {
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return {
      status: 400,
      body: { message: "Problems parsing JSON", documentation_url: "https://docs.github.com/graphql" },
    };
  }
  let document;
  try {
    document = parse(request.query ?? "");
  } catch (error) {
    return { status: 200, body: { errors: [shape(error)] } };
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return { status: 200, body: { errors: errors.map(shape) } };
  const asked = new Set();
  const limit = world.limits.graphql;
  const rootValue = {
    repository: (parameters) => repository(world, parameters, asked),
    rateLimit: {
      limit: limit.limit,
      remaining: limit.remaining,
      cost: 1,
      used: limit.limit - limit.remaining,
      nodeCount: 0,
      resetAt: new Date(limit.reset * 1000).toISOString(),
    },
  };
  const result = await execute({ schema, document, rootValue, variableValues: request.variables });
  const repositories = [...asked];
  if (asked.size > world.maxRepositories) {
    return {
      status: 502,
      repositories,
      body: {
        data: null,
        errors: [
          {
            message:
              "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.",
          },
        ],
      },
    };
  }
  const shaped = { data: result.data };
  if (result.errors) shaped.errors = result.errors.map(shape);
  if (world.withoutPath) for (const error of shaped.errors ?? []) delete error.path;
  return { status: 200, repositories, body: shaped };
}
