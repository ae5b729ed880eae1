import { describe, expect, it } from "vitest";
import { isArkError } from "../../../src/errors/errors.ts";
import {
  annotationOf,
  membersOf,
  parseFsl,
  printType,
  readFsl,
  spanText,
} from "../../../src/fsl/fsl.ts";

function collection(text: string) {
  const [item] = parseFsl(text, "main.fsl").items;
  if (item?.kind !== "collection") throw new Error("not a collection");
  return item;
}

const SHOP = `// The catalogue.
@alias(Goods)
collection Product {
  name: String
  price: Double = 0.0 // in euro
  tags: Array<String> = []
  status: "open" | "paid" | Null
  *: Any

  compute label: String = (p) => p.name + " (#{p.price})"
  compute long = (p) =>
    p.name
      .length
  unique [.name]
  index byPrice {
    terms [mva(.tags)]
    values [desc(.price), .name]
  }
  check positive (p => p.price >= 0)
  history_days 3
  ttl_days 7
  document_ttls true

  migrations {
    add .status
    backfill .status = "open"
    split .a -> .b, .c
  }
}
`;

describe("the parser", () => {
  it("reads every member of a collection in source order", () => {
    const kinds = collection(SHOP).members.map((member) => member.kind);
    expect(kinds).toEqual(
      "field field field field wildcard compute compute unique index check history_days ttl_days document_ttls migrations".split(
        " ",
      ),
    );
  });

  it("gives an item its comments and annotations", () => {
    const item = collection(SHOP);
    expect(item.span).toEqual({ start: 0, end: SHOP.length - 1 });
    expect(annotationOf(item, "alias")).toBe("Goods");
  });

  it("keeps expressions as source text, comments behind them left out", () => {
    const item = collection(SHOP);
    expect(membersOf(item, "field")[1]?.default?.text).toBe("0.0");
    expect(membersOf(item, "compute").map((field) => field.body.text)).toEqual([
      '(p) => p.name + " (#{p.price})"',
      "(p) =>\n    p.name\n      .length",
    ]);
    expect(membersOf(item, "check")[0]?.body.text).toBe("p => p.price >= 0");
  });

  it("takes a field for a field even when its name is a keyword of FSL", () => {
    const item = collection("collection C { index: Int; unique: String?; privileges: Any }");
    expect(membersOf(item, "field").map((field) => field.name.text)).toEqual([
      "index",
      "unique",
      "privileges",
    ]);
  });

  it.each([
    ["a :Int ?", "Int?"],
    ["a: Array< String >", "Array<String>"],
    ["a: {x:Int,\n  y: String ?, *:Any}", "{ x: Int, y: String?, *: Any }"],
    ["a: (Int | String)?", "(Int | String)?"],
    ["a: Int | String?", "Int | String?"],
    ["a: (x: Int, y: String) => Int", "(x: Int, y: String) => Int"],
    ["a: [Int, String]?", "[Int, String]?"],
    ["a: Ref<C>", "Ref<C>"],
  ])("reads %j as the type %s", (field, type) => {
    const [read] = membersOf(collection(`collection C {\n  ${field}\n}`), "field");
    expect(read && printType(read.type)).toBe(type);
  });

  it("reads functions, roles and access providers", () => {
    const text = `@role("clerk")
function total(x: Number, ...rest: String): Number {
  "}" /* } */
}
role r {
  privileges C {
    read
    write { predicate ((a, b) => a == b) }
  }
  membership User
}
access provider ap {
  issuer "https://i.example.com/"
  jwks_uri "https://i.example.com/jwks"
  role r { predicate (j => true) }
}`;
    const items = parseFsl(text, "a.fsl").items;
    expect(items.map((item) => `${item.kind} ${item.name.text}`)).toEqual([
      "function total",
      "role r",
      "access provider ap",
    ]);
    const [total, role] = items;
    expect(total?.kind === "function" && total.body.text).toBe('{\n  "}" /* } */\n}');
    expect(
      role?.kind === "role" && role.members.map((member) => spanText(text, member.span)),
    ).toEqual([
      "privileges C {\n    read\n    write { predicate ((a, b) => a == b) }\n  }",
      "membership User",
    ]);
  });

  it("reads a quoted v4 name", () => {
    expect(collection('collection "my-coll" {\n}').name.text).toBe("my-coll");
  });

  it.each([
    ["collection", "Missing required name", 1, 1],
    ["collection C {", "Expected `}`", 1, 15],
    ["collection C { a: Int a: Int }", "Expected `}`", 1, 23],
    ["collection C {} collection C {}", "Expected end-of-input", 1, 17],
    ["collection C { unknown 5 }", "Invalid field or member `unknown`", 1, 16],
    ["collection C { unique [] }", "Expected non-empty terms for a unique constraint", 1, 23],
    ["role r { privileges C { bogus } }", "Invalid action `bogus`", 1, 25],
    ["collection C { id: Int }", "Invalid reserved name `id`", 1, 16],
    ["bogus C {}", "Invalid schema item `bogus`", 1, 1],
    ["@alias(X) collection A {}\ncollection X {}", "Duplicate collection or function `X`", 2, 12],
    ["function f(x: Int) { x }", "Return type is required when arguments have a type", 1, 18],
    ["collection C { migrations { } }", "Empty migration blocks are not allowed", 1, 16],
  ])("says what is wrong with %j, and where", (text, message, line, column) => {
    try {
      parseFsl(text, "main.fsl");
      expect.unreachable();
    } catch (error) {
      if (!isArkError(error, "ERR_SCHEMA")) throw error;
      expect([error.message, error.place]).toEqual([message, `main.fsl:${line}:${column}`]);
    }
  });

  it("finds all duplicates, not only the first", () => {
    expect(readFsl("role a {}\nrole a {}\nrole a {}").problems).toHaveLength(2);
  });
});

it("reads every name that v4 allows and the schema files print", () => {
  for (const name of ["ü", "日本", "audit-log", "1a", "a;b", "%"]) {
    const text = `collection ${JSON.stringify(name)} {\n}\n`;
    expect(parseFsl(text, "main.fsl").items.map((item) => item.name.text)).toEqual([name]);
  }
});
