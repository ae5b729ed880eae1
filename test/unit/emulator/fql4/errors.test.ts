import { describe, expect, it } from "vitest";
import { Bench, collection, doc } from "./bench.ts";

const INVALID = "invalid expression";
const ARGUMENT = "invalid argument";

describe("a query that cannot be understood", () => {
  it.each([
    ["", "", "No query provided."],
    ["x", "", "Request body is not valid JSON."],
    ["9223372036854775808", "", "Request body is not valid JSON."],
    ['{"get":1,"nope":2}', "", "No form/function found, or invalid argument keys: { get, nope }."],
    ['{"@obj":{"@foo":1}}', "@obj", "No form/function found, or invalid argument keys: { @foo }."],
    ['[1,{"var":"x"}]', "1", "Variable 'x' is not defined."],
    ['{"let":{},"in":{"var":"x"}}', "in", "Variable 'x' is not defined."],
    ['{"do":[]}', "do", "Expression list cannot be empty."],
    ['{"object":{"@ts":"bad"}}', "object", "Invalid time."],
    ['{"object":{"@ts":"2020-01-01T00:00:00Z"}}', "", "Object expected, Time provided."],
    ['{"quote":{"a":[{"@ref":5}]}}', "quote/a/0", "Invalid ref."],
    ['{"@query":{"lambda":"x","expr":{"var":"y"}}}', "", "Invalid lambda."],
    ['{"@query":{"api_version":"99","lambda":"x","expr":1}}', "", "Invalid lambda."],
    ['{"@set":{"bogus":1}}', "", "Invalid set."],
    ['{"map":5,"collection":[]}', "map", "Lambda expected, Integer provided."],
  ])("%s is told so at /%s", (query, position, description) => {
    expect(new Bench().errors(query)).toEqual([400, [position, INVALID, description]]);
  });

  it("tells of every mistake at once, but of unbound variables only if there is no other", () => {
    expect(new Bench().errors('[{"@ts":"x"},{"var":"y"},{"nope":1}]')).toEqual([
      400,
      ["0", INVALID, "Invalid time."],
      ["2", INVALID, "No form/function found, or invalid argument keys: { nope }."],
    ]);
  });
});

describe("an argument of the wrong kind", () => {
  it.each([
    ['{"add":["a",1]}', "add/0", "Number expected, String provided."],
    ['{"add":[]}', "add", "Non-empty array expected."],
    ['{"divide":[1,0]}', "", "Illegal division by zero."],
    ['{"sqrt":-1.0}', "", "-1.0 must be positive"],
    ['{"if":1,"then":2,"else":3}', "if", "Boolean expected, Integer provided."],
    ['{"get":"x"}', "get", "Ref or Set expected, String provided."],
    ['{"paginate":[1]}', "paginate", "Ref or Set expected, Array provided."],
    ['{"create":1}', "create", "Identifier expected, Integer provided."],
    [
      '{"map":{"lambda":"x","expr":1},"collection":5}',
      "collection",
      "Array, Set, or Page expected, Integer provided.",
    ],
    [
      '{"map":{"lambda":["a","b"],"expr":1},"collection":[1]}',
      "map/lambda",
      "Lambda expects an array with 2 elements. Array contains 1.",
    ],
    ['{"time":"x"}', "", "Cannot cast 'x' to a time."],
    ['{"at":"x","expr":1}', "at", "Time expected, String provided."],
    ['{"abort":5}', "abort", "String expected, Integer provided."],
    [
      '{"containsstrregex":"a","pattern":"("}',
      "pattern",
      "Search pattern /(/ is not a valid regular expression.",
    ],
  ])("%s is refused at /%s", (query, position, description) => {
    expect(new Bench().errors(query)).toEqual([400, [position, ARGUMENT, description]]);
  });

  it("is told of together with those beside it", () => {
    expect(new Bench().errors('{"object":{"a":{"divide":[1,0]},"b":{"add":["x"]}}}')).toEqual([
      400,
      ["object/a", ARGUMENT, "Illegal division by zero."],
      ["object/b/add/0", ARGUMENT, "Number expected, String provided."],
    ]);
  });
});

describe("what is not there", () => {
  it("has a status of its own", () => {
    const bench = new Bench().withDocuments();
    expect(bench.errors({ get: doc(1) })).toEqual([
      404,
      ["", "instance not found", "Document not found."],
    ]);
    expect(bench.errors({ get: { collection: "nope" } })).toEqual([
      400,
      ["get", "invalid ref", "Ref refers to undefined collection 'nope'"],
    ]);
    expect(bench.errors({ select: ["a", 0], from: { object: {} } })).toEqual([
      404,
      ["from", "value not found", "Value not found at path [a,0]."],
    ]);
    expect(bench.errors({ get: { documents: { collection: "d" } } })).toEqual([
      404,
      ["", "instance not found", "Set not found."],
    ]);
  });

  it("can be asked for with Exists", () => {
    const bench = new Bench().withDocuments();
    expect(bench.resource({ exists: doc(1) })).toBe("false");
    expect(bench.resource({ exists: { collection: "nope" } })).toBe("false");
    expect(bench.resource({ exists: doc(1, "nope") })).toBe("false");
  });
});

const loop = (body: object): object => ({
  map: { lambda: "x", expr: body },
  collection: Array.from({ length: 300 }, () => 0),
});

describe("a query that fails", () => {
  it("leaves nothing behind", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    expect(
      bench.errors({ do: [{ create: doc(1), params: { object: {} } }, { abort: "stop" }] }),
    ).toEqual([400, ["do/1", "transaction aborted", "stop"]]);
    expect(bench.resource({ paginate: { documents: { collection: "c" } } })).toBe('{"data":[]}');
  });

  it("is given up when its time is over", () => {
    const { status, body } = new Bench().ask(loop(loop(loop({ add: [1, 1] }))), { patience: 5 });
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({
      errors: [
        {
          code: "time out",
          description: "Read timed out (The query took longer than its timeout.)",
        },
      ],
    });
  });

  it("is stopped when functions call themselves without end", () => {
    const bench = new Bench();
    const body = {
      query: { lambda: "x", expr: { call: { function: "f" }, arguments: { var: "x" } } },
    };
    bench.resource({ create_function: { object: { name: "f", body } } });
    expect(bench.errors({ call: { function: "f" }, arguments: 1 })).toEqual([
      400,
      ["expr", "stack overflow", "Call stack reached the maximum limit of 200."],
    ]);
  });

  it("may not write when it was sent with GET", () => {
    const bench = new Bench();
    expect(bench.errors(collection("c"), { readOnly: true })).toEqual([
      400,
      ["", INVALID, "Call performs a write, which is not allowed in get requests."],
    ]);
  });
});
