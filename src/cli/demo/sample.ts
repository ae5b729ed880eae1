/**
 * The sample database of the demo: a small bookshop, built by FQL statements of both languages
 * as an application would, with every kind of definition and every type of value.
 *
 * Deterministic: the same seed makes the same statements.
 */
import { type Random, seededRandom } from "../random.ts";

/** One request of the sample, in the order in which they must run. */
export type SampleStep =
  | {
      readonly about: string;
      readonly language: "v10";
      readonly query: string;
      readonly documents?: string;
    }
  | { readonly about: string; readonly language: "v4"; readonly body: string };

export interface SampleSize {
  readonly customers: number;
  readonly books: number;
  readonly orders: number;
  readonly visits: number;
}

export const SAMPLE_SIZE: SampleSize = { customers: 800, books: 400, orders: 2_000, visits: 1_500 };

const BATCH = 200;

/** Every statement that builds the sample, schema first. */
export function* sampleSteps(
  size: SampleSize = SAMPLE_SIZE,
  seed = 20_261_121,
): Generator<SampleStep> {
  yield* SCHEMA;
  const random = seededRandom(seed);
  yield* batches(
    "customers",
    "Customer",
    range(size.customers, (n) => customer(n, random)),
  );
  yield* batches(
    "books",
    "Book",
    range(size.books, (n) => book(n, random)),
  );
  yield* batches(
    "orders",
    "Order",
    range(size.orders, (n) => order(n, size, random)),
  );
  yield* batches(
    "visits",
    "Visit",
    range(size.visits, (n) => visit(n, size, random)),
  );
  yield* VALUES;
}

const v10 = (about: string, query: string): SampleStep => ({ about, language: "v10", query });
const v4 = (about: string, body: unknown): SampleStep => ({
  about,
  language: "v4",
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const SCHEMA: readonly SampleStep[] = [
  v10(
    "collection Customer: typed, unique email, index by country, computed name",
    `Collection.create({
      name: "Customer",
      fields: {
        first: { signature: "String" },
        last: { signature: "String" },
        email: { signature: "String" },
        country: { signature: "String", default: '"NL"' },
        vip: { signature: "Boolean?" },
        born: { signature: "Date?" },
        credit: { signature: "Double", default: "0.0" }
      },
      computed_fields: { name: { body: "(c) => c.first + \\" \\" + c.last", signature: "String" } },
      constraints: [{ unique: ["email"] }],
      indexes: {
        byEmail: { terms: [{ field: "email" }] },
        byCountry: { terms: [{ field: "country" }], values: [{ field: "last" }, { field: "credit", order: "desc" }] }
      },
      history_days: 1,
      data: { owner: "shop team" }
    })`,
  ),
  v10(
    "collection Book: a check constraint, an array term, an alias",
    `Collection.create({
      name: "Book",
      alias: "Titles",
      fields: {
        isbn: { signature: "String" },
        title: { signature: "String" },
        price: { signature: "Double" },
        stock: { signature: "Int" },
        tags: { signature: "Array<String>" }
      },
      wildcard: "Any",
      constraints: [{ unique: ["isbn"] }, { check: { name: "stockNotNegative", body: "(b) => b.stock >= 0" } }],
      indexes: { byTag: { terms: [{ field: "tags", mva: true }], values: [{ field: "title" }] } }
    })`,
  ),
  v10(
    "collection Order: refers to Customer and Book",
    `Collection.create({
      name: "Order",
      fields: {
        customer: { signature: "Ref<Customer>" },
        lines: { signature: "Array<{ book: Ref<Book>, quantity: Int }>" },
        status: { signature: '"open" | "paid" | "sent"' },
        placed: { signature: "Time" },
        number: { signature: "Long" }
      },
      indexes: {
        byCustomer: { terms: [{ field: "customer" }], values: [{ field: "placed", order: "desc" }] },
        byStatus: { terms: [{ field: "status" }] }
      }
    })`,
  ),
  v10(
    "collection Visit: without types; its documents expire",
    `Collection.create({ name: "Visit", ttl_days: 400 })`,
  ),
  v10(
    "collection Everything: one document for each value type",
    `Collection.create({ name: "Everything" })`,
  ),
  v10(
    "functions",
    `Function.create({ name: "fullName", body: "(c) => c.first + \\" \\" + c.last" })
     Function.create({
       name: "reserve",
       body: <<-END
         (isbn, n) => {
           let book = Book.where(.isbn == isbn).first()!
           if (book.stock < n) abort("sold out")
           book.update({ stock: book.stock - n })
         }
       END
     })`,
  ),
  v10(
    "roles: one for the shop's staff by membership, one for the function",
    `Role.create({
       name: "staff",
       privileges: [
         { resource: "Order", actions: { read: true, write: true, create: true } },
         { resource: "Book", actions: { read: true, write: "(before, after) => after.price > 0" } },
         { resource: "reserve", actions: { call: true } }
       ],
       membership: [{ resource: "Customer", predicate: "(c) => c.vip == true" }]
     })
     Role.create({ name: "auditor", privileges: [{ resource: "Order", actions: { read: true, history_read: true } }] })`,
  ),
  v10("the function now runs as a role", `Function.byName("reserve")!.update({ role: "staff" })`),
  v10(
    "an access provider",
    `AccessProvider.create({
       name: "login",
       issuer: "https://login.bookshop.example/",
       jwks_uri: "https://login.bookshop.example/.well-known/jwks.json",
       roles: ["auditor", { role: "staff", predicate: "(jwt) => jwt.scope == \\"staff\\"" }]
     })`,
  ),
  v4("a v4 index: reversed values over two collections", {
    create_index: {
      object: {
        name: "recent_by_status",
        source: [{ collection: "Order" }, { collection: "Visit" }],
        terms: [{ object: { field: ["data", "status"] } }],
        values: [{ object: { field: ["ts"], reverse: true } }, { object: { field: ["ref"] } }],
      },
    },
  }),
  v4("a v4 function", {
    create_function: {
      object: {
        name: "total_of",
        body: {
          query: {
            lambda: "lines",
            expr: {
              reduce: {
                lambda: ["sum", "line"],
                expr: { add: [{ var: "sum" }, { select: "quantity", from: { var: "line" } }] },
              },
              initial: 0,
              collection: { var: "lines" },
            },
          },
        },
      },
    },
  }),
  v4("a v4 role", {
    create_role: {
      object: {
        name: "legacy_reader",
        privileges: [
          { object: { resource: { collection: "Book" }, actions: { object: { read: true } } } },
          {
            object: {
              resource: { index: "recent_by_status" },
              actions: { object: { read: true } },
            },
          },
        ],
      },
    },
  }),
];

const ref = (collection: string, id: number) => ({
  "@ref": { id: String(id), coll: { "@mod": collection } },
});
const int = (value: number) => ({ "@int": String(value) });

function customer(n: number, random: Random) {
  const first = pick(FIRST, random);
  const last = pick(LAST, random);
  return {
    id: String(1000 + n),
    first,
    last,
    email: `${first}.${last}.${n}@mail.example`.toLowerCase(),
    country: pick(["NL", "DE", "FR", "JP", "BR", "IS"], random),
    ...(random() < 0.2 ? { vip: random() < 0.5 } : {}),
    ...(random() < 0.5
      ? {
          born: {
            "@date": `19${pad(50 + Math.floor(random() * 49))}-0${1 + Math.floor(random() * 9)}-15`,
          },
        }
      : {}),
    credit: { "@double": (Math.floor(random() * 10_000) / 8).toFixed(3) },
  };
}

function book(n: number, random: Random) {
  return {
    id: String(50_000 + n),
    isbn: `978-0-${String(100_000 + n)}-0`,
    title: `${pick(["The", "A", "My", "No"], random)} ${pick(ADJECTIVES, random)} ${pick(NOUNS, random)} — ${n} ✓`,
    price: { "@double": (1 + Math.floor(random() * 8_000) / 100).toFixed(2) },
    stock: int(Math.floor(random() * 200)),
    tags: NOUNS.filter(() => random() < 0.2),
    pages: int(40 + Math.floor(random() * 900)),
  };
}

function order(n: number, size: SampleSize, random: Random) {
  return {
    id: String(7_000_000 + n * 3),
    customer: ref("Customer", 1000 + Math.floor(random() * size.customers)),
    lines: range(1 + Math.floor(random() * 4), () => ({
      book: ref("Book", 50_000 + Math.floor(random() * size.books)),
      quantity: int(1 + Math.floor(random() * 5)),
    })),
    status: pick(["open", "paid", "sent"], random),
    placed: {
      "@time": `2026-0${1 + Math.floor(random() * 9)}-${pad(1 + Math.floor(random() * 28))}T12:34:56.${String(100_000_000 + n * 7_919)}Z`,
    },
    number: { "@long": String(9_007_199_254_740_993n + BigInt(n)) },
  };
}

function visit(n: number, size: SampleSize, random: Random) {
  return {
    id: String(90_000_000_000 + n),
    page: `/book/${50_000 + Math.floor(random() * size.books)}`,
    status: pick(["open", "left"], random),
    seconds: { "@double": (random() * 300).toFixed(3) },
    agent: {
      name: pick(["Firefox", "Safari", "lynx"], random),
      "2": "integer-like keys",
      "1": "keep their order",
    },
  };
}

/** Values that a careless tool loses. What only one of the languages can write is written by it. */
const VALUES: readonly SampleStep[] = [
  v10(
    "numbers, times, bytes and odd keys",
    `Everything.create({ id: "1", longs: [0, -1, 2147483648, 9007199254740993, 9223372036854775807],
       doubles: [0.5, 1.0, -0.0, 1e300, 5e-324], truth: [true, false], none: {}, nobody: [], text: "\\u0000 ✓ 🜨 \\" \\\\" })
     Everything.create({ id: "2", time: Time("2020-02-29T23:59:59.123456789Z"), date: Date("2020-02-29"),
       far: Date("9999-12-31"), bytes: Bytes("AAEC/w=="), noBytes: Bytes("") })
     Everything.create({ id: "3", notANumber: 0.0 / 0.0, over: 1.0 / 0.0, under: -1.0 / 0.0, spelled: "NaN" })
     Everything.create({ id: "4", withNulls: [1, null, [null]], customer: Customer("1000"), gone: Customer("999999") })
     Everything.create({ id: "5", "@ref": "not a ref", "": "empty key", "__proto__": "a key like any other",
       nested: { "@int": "12", "constructor": 1 } })
     Everything.createData({ id: "6", ts: "mine", coll: "mine too", data: { data: 1 } })
     Everything.create({ id: "7", ttl: Time("2999-01-01T00:00:00Z"), note: "expires late" })`,
  ),
  v4(
    "what only v4 can write: a lambda, a set, a uuid, refs to definitions, a date beyond the year 9999",
    {
      create: { ref: { collection: "Everything" }, id: "100" },
      params: {
        object: {
          data: {
            object: {
              lambda: { query: { lambda: "x", expr: { add: [{ var: "x" }, 1] } } },
              set: { match: { index: "recent_by_status" }, terms: "open" },
              uuid: { "@uuid": "4f2e1b6a-8f54-4b6c-9a56-0d9be8f7c1aa" },
              index: { index: "recent_by_status" },
              collection: { collection: "Book" },
              role: { role: "staff" },
              date: { "@date": "+10000-01-01" },
            },
          },
        },
      },
    },
  ),
  v4("a document with the time it was really made", {
    insert: { ref: { collection: "Everything" }, id: "101" },
    ts: { "@ts": "2019-06-01T00:00:00.123456Z" },
    action: "create",
    params: { object: { data: { object: { old: true } } } },
  }),
];

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

function range<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

const pad = (n: number) => String(n).padStart(2, "0");

function* batches(
  about: string,
  collection: string,
  documents: readonly object[],
): Generator<SampleStep> {
  for (let start = 0; start < documents.length; start += BATCH) {
    const part = documents.slice(start, start + BATCH);
    yield {
      about: `${about} ${start + 1} to ${start + part.length}`,
      language: "v10",
      query: `documents.forEach(d => ${collection}.create(d))`,
      documents: JSON.stringify(part),
    };
  }
}

const FIRST = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Kenji", "Zoë", "José", "Þóra", "Ines"];
const LAST = [
  "Lovelace",
  "Hopper",
  "Turing",
  "Dijkstra",
  "Liskov",
  "Ito",
  "Jónsson",
  "Silva",
  "Okafor",
];
const ADJECTIVES = ["Silent", "Broken", "Golden", "Quantum", "Second", "Blue"];
const NOUNS = ["Sea", "Garden", "Compiler", "Winter", "Archive", "Garden Gate", "Lighthouse"];
