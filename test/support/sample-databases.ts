/**
 * Small databases with everything in them that an export could lose: one whose schema is FSL, one that is all v4, one
 * of both. Each is built by plain queries and schema pushes.
 */
import { type Connection, pushSchema } from "../../src/fauna/fauna.ts";
import { printString } from "../../src/values/json.ts";
import type { Value } from "../../src/values/value.ts";
import { printV4 } from "../../src/values/v4.ts";
import { holdsNullInArray } from "../../src/values/detect.ts";
import { nastyValues } from "./values.ts";
import { printWriteExpression } from "../../src/values/write-expression.ts";

export type Build = (database: Connection) => Promise<void>;

/** By name; the name says what the database is like. */
export const SAMPLE_DATABASES: Readonly<Record<string, Build>> = {
  "one whose schema is FSL": buildSchemaRich,
  "one made by v4 alone": buildLegacy,
  "one of both languages": buildMixed,
};

const SHOP_FSL = `// The shop's own schema.
collection Customer {
  name: String
  email: String?
  vip: Boolean = false
  address: { city: String, zip: String? }?
  *: Any

  compute label: String = (c => c.name + " <" + (c.email ?? "?") + ">")
  unique [.email]
  index byName {
    terms [.name]
    values [desc(.email), .vip]
  }
  check named (c => c.name != "")

  history_days 2
  ttl_days 900
}

@alias(Purchase)
collection Order {
  customer: Ref<Customer>
  total: Number
  lines: Array<{ sku: String, quantity: Int }>
  index byCustomer { terms [.customer] }
}

collection Nothing {
}
`;

const RULES_FSL = `@role(staff)
function discount(percent: Number): Number {
  percent * 2
}

function shout(text) {
  text.toUpperCase()
}

role staff {
  privileges Customer {
    read
    write { predicate ((before, after) => after.vip == before.vip) }
  }
  privileges Order { read }
  privileges shout { call }
  membership Customer { predicate (c => c.vip) }
}

access provider login {
  issuer "https://login.example/"
  jwks_uri "https://login.example/jwks.json"
  role staff {
    predicate (jwt => jwt.scope == "staff")
  }
}
`;

/** What Order has become after a migration. */
const MIGRATED = `  status: "open" | "paid" = "open"
  migrations {
    add .status
  }
`;

/** Typed, constrained, migrated; with metadata, an old ts, a ttl. */
export async function buildSchemaRich(database: Connection): Promise<void> {
  const files = [
    { filename: "shop.fsl", content: SHOP_FSL },
    { filename: "rules/access.fsl", content: RULES_FSL },
  ];
  await pushSchema(database, files, { override: true });
  await database.v10(`
    Customer.create({ id: "1", name: "Ada", email: "ada@example.org", vip: true, extra: [1, 2.0, null] })
    Customer.create({ id: "2", name: "Zoë", email: null, ttl: null, address: { city: "Reykjavík" } })
    Customer.create({ id: "3", name: "Lin", email: "lin@example.org", ttl: Time("2999-01-01T00:00:00Z") })
    Set.sequence(0, 150).forEach(n => Order.create({
      id: (1000 + n * 7).toString(),
      customer: Customer((n % 3 + 1).toString()),
      total: if (n % 2 == 0) n else n * 0.37,
      lines: [{ sku: "s" + n.toString(), quantity: n }]
    }))`);
  const migrated = SHOP_FSL.replace("  total: Number\n", `  total: Number\n${MIGRATED}`);
  await pushSchema(database, [{ filename: "shop.fsl", content: migrated }, files[1]!], {
    override: true,
  });
  await database.v10(
    'Order.create({ id: "9", customer: Customer("1"), total: 0.5, lines: [], status: "paid" })',
  );
  await database.v10(`
    Collection.byName("Customer")!.update({ data: { owner: "shop team", since: Date("2020-01-01"), pages: 3.0 } })
    Function.byName("shout")!.update({ data: { loud: true } })
    Role.byName("staff")!.update({ data: { reviewed: Time("2024-01-01T00:00:00.5Z") } })
    AccessProvider.byName("login")!.update({ data: { contact: "it@example.org" } })`);
  await insert(database, "Customer", "4", '{"name":"Old","email":"old@example.org","vip":false}', {
    ts: 1_500_000_000_000_001n,
  });
}

/** Nothing but v4: no FSL could say any of it. */
export async function buildLegacy(database: Connection): Promise<void> {
  const create = (what: string, params: string) =>
    database.v4(`{"do":[{"create_${what}":{"quote":${params}}},null]}`);
  await create("collection", '{"name":"posts","history_days":30,"data":{"about":"v4"}}');
  await create("collection", '{"name":"Posts"}');
  await create("collection", '{"name":"po-sts%1~+@!;$.","ttl_days":4000}');
  await create(
    "collection",
    '{"name":"users","history_days":36500,"permissions":{"read":"public"}}',
  );
  await create(
    "function",
    `{"name":"double","body":${lambda('"x"', '{"multiply":[2,{"var":"x"}]}')},"data":{"note":1.0}}`,
  );
  await create(
    "function",
    `{"name":"caller","body":${lambda('["a","_"]', '{"call":"double","arguments":{"var":"a"}}')},"role":"admin"}`,
  );
  const posts = ref("collections", "posts");
  const users = ref("collections", "users");
  await create(
    "index",
    `{"name":"posts_by_title","source":${posts},"terms":[{"field":["data","title"],"transform":"casefold"}],"values":[{"field":["ts"],"reverse":true},{"field":["ref"]}],"serialized":false}`,
  );
  await create(
    "index",
    `{"name":"unique_slug","source":${posts},"terms":[{"field":["data","slug"]}],"unique":true}`,
  );
  await create(
    "index",
    `{"name":"everything","source":[${posts},${users}],"values":[{"field":["ref"]}],"data":{"why":"both"}}`,
  );
  await create(
    "index",
    `{"name":"by_length","source":{"collection":${posts},"fields":{"size":${lambda('"d"', '{"length":{"select":["data","title"],"from":{"var":"d"},"default":""}}')}}},"terms":[{"binding":"size"}]}`,
  );
  await create(
    "role",
    `{"name":"reader","privileges":[{"resource":${posts},"actions":{"read":true,"write":${lambda('["old","new"]', "true")}}},{"resource":${ref("indexes", "posts_by_title")},"actions":{"read":true}},{"resource":${ref("functions", "double")},"actions":{"call":true}}],"membership":[{"resource":${users},"predicate":${lambda('"u"', '{"select":["data","active"],"from":{"var":"u"}}')}}]}`,
  );
  await database.v4(
    `{"do":[{"update":{"function":"double"},"params":{"quote":{"role":${ref("roles", "reader")}}}},null]}`,
  );
  await create(
    "access_provider",
    `{"name":"sso","issuer":"https://sso.example/","jwks_uri":"https://sso.example/jwks.json","roles":[${ref("roles", "reader")},{"role":${ref("roles", "reader")},"predicate":${lambda('"jwt"', "true")}}],"data":{"team":"it"}}`,
  );
  await insertNasty(database, "posts");
  await insert(database, "posts", "0", "{}");
  await insert(database, "posts", "9223372036854775807", '{"last":true,"slug":"z"}', { ts: 1n });
  await insert(database, "po-sts%1~+@!;$.", "5", '{"odd":"name"}', {
    ttl: "2999-01-01T00:00:00.000001Z",
  });
  await insert(database, "Posts", "5", '{"case":"upper"}');
  await database
    .v4(
      `{"create":{"ref":{"collection":"users"},"id":"7"},"params":{"quote":{"data":{"active":true},"delegates":{"a":1.50},"credentials":{"password":"p"}}}}`,
    )
    .catch(async () => {
      await insert(database, "users", "7", '{"active":true}');
    });
}

/** FSL and v4 in one database, each naming what the other made. */
export async function buildMixed(database: Connection): Promise<void> {
  const files = [
    {
      filename: "main.fsl",
      content: `collection Paper {
  index byTag { terms [mva(.tags)] }
}
collection Any_ {
}
function plain() { 1 }
`,
    },
  ];
  await pushSchema(database, files, { override: true });
  const paper = ref("collections", "Paper");
  await database.v4(
    `{"do":[{"create_function":{"quote":{"name":"old_way","body":${lambda('"x"', '{"var":"x"}')}}}},null]}`,
  );
  await database.v4(
    `{"do":[{"create_index":{"quote":{"name":"ix","source":${paper},"terms":[{"field":["data","k"]}]}}},null]}`,
  );
  await database.v4(
    `{"do":[{"create_role":{"quote":{"name":"r","privileges":[{"resource":${paper},"actions":{"read":true}},{"resource":${ref("indexes", "ix")},"actions":{"read":true}}]}}},null]}`,
  );
  await database.v10(`
    Role.create({ name: "modern", privileges: [{ resource: "old_way", actions: { call: true } }, { resource: "Paper", actions: { read: true } }] })
    AccessProvider.create({ name: "ap", issuer: "https://a.example/", jwks_uri: "https://a.example/j", roles: ["modern", "r"] })
    Function.create({ name: "asModern", body: "() => 1", role: "modern" })
    Collection.create({ name: "Made", constraints: [{ unique: ["email"] }], indexes: { x: { terms: [{ field: "email" }] } } })`);
  await database.v10('Made.create({ id: "1", email: "a@example.org" })');
  await insertNasty(database, "Paper");
}

/** Every nasty value, one document each, and nulls in arrays beside what only v4 writes (live 41). */
export async function insertNasty(database: Connection, collection: string): Promise<void> {
  await makeReferredTo(database);
  let id = 100n;
  for (const [name, value] of Object.entries(nastyValues)) {
    if (NOT_TAKEN.has(name)) continue;
    id += 10n ** (id % 15n);
    const data = printV4(
      new Map<string, Value>([
        ["name", name],
        ["value", value],
      ]),
    );
    if (!holdsNullInArray(data)) await insert(database, collection, String(id), data);
  }
  const arrays = "[null, 1, [null], { deep: [null, 2.0] }]";
  const odd = printString(collection);
  await database.v10(
    `Collection(${odd}).create({ id: "50", holes: ${arrays}, refs: [null, C("1"), C.definition, Role.firstWhere(.name == "r"), f.definition], kept: 1.0, nan: 0.0 / 0.0 })`,
  );
  await database.v10(
    `Collection(${odd}).create({ id: "51", ttl: Time("2999-01-01T00:00:00.000001Z"), deep: { holes: [null], more: { "@odd": [null, 1], n: 2 } }, last: 1 })`,
  );
  const lambdas = `{"fn":${lambda('"x"', '{"add":[{"var":"x"},1]}')},"set":{"@set":{"documents":${ref("collections", collection)}}},"list":[1,${lambda('"x"', '{"var":"x"}')}],"uuid":${printV4(nastyValues["uuid"]!)}}`;
  await database.v4(
    `{"do":[{"update":{"ref":{"collection":${odd}},"id":"50"},"params":{"quote":{"data":${lambdas}}}},null]}`,
  );
}

/**
 * Values that no document can be given: refs into other databases (facts §5.1), refs to a child database, which is
 * no part of an archive of its parent, and a lambda that is none.
 */
const NOT_TAKEN = new Set(["foreignReference", "databaseReference", "lambdaWithApiVersion"]);

/** What the references among the values lead to: Fauna takes no reference to a definition that is not there. */
async function makeReferredTo(database: Connection): Promise<void> {
  const create = async (kind: string, what: string, name: string, params: string) => {
    const exists = `{"exists":${ref(kind, name)}}`;
    await database.v4(
      `{"if":${exists},"then":null,"else":{"do":[{"create_${what}":{"quote":{"name":"${name}",${params}}}},null]}}`,
    );
  };
  await create("collections", "collection", "C", '"history_days":1');
  await create(
    "functions",
    "function",
    "f",
    `"body":${lambda('"x"', '{"if":true,"then":{"var":"x"},"else":1.0}')}`,
  );
  await create(
    "roles",
    "role",
    "r",
    `"privileges":[{"resource":${ref("collections", "C")},"actions":{"read":true}}]`,
  );
  await create(
    "indexes",
    "index",
    "ix",
    `"source":${ref("collections", "C")},"terms":[{"field":["data","k"]}]`,
  );
  await create(
    "access_providers",
    "access_provider",
    "auth0",
    `"issuer":"https://a0.example/","jwks_uri":"https://a0.example/jwks","roles":[${ref("roles", "r")}]`,
  );
}

export interface InsertOptions {
  readonly ts?: bigint | undefined;
  readonly ttl?: string | undefined;
}

/** Writes a document with data given as a record's text, without nulls in arrays. */
export async function insert(
  database: Connection,
  collection: string,
  id: string,
  data: string,
  { ts = 1_700_000_000_000_000n + (BigInt(id) % 1000n), ttl }: InsertOptions = {},
): Promise<void> {
  const rest = ttl === undefined ? "{}" : `{"ttl":{"@ts":${printString(ttl)}}}`;
  const params = `{"merge":{"object":{"data":${printWriteExpression(data)}}},"with":{"quote":${rest}}}`;
  const target = `{"ref":{"collection":${printString(collection)}},"id":"${id}"}`;
  await database.v4(
    `{"do":[{"insert":${target},"ts":${String(ts)},"action":"create","params":${params}},null]}`,
  );
}

function lambda(parameters: string, body: string): string {
  return `{"@query":{"api_version":"4","lambda":${parameters},"expr":${body}}}`;
}

function ref(kind: string, name: string): string {
  return `{"@ref":{"id":${printString(name)},"collection":{"@ref":{"id":"${kind}"}}}}`;
}
