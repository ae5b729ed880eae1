/** Documents: of users, definitions, keys, tokens and credentials. */
import { guardNull } from "../documents/read.ts";
import { changeDefinition, deleteDefinition } from "../documents/definitions.ts";
import { login, verifyPassword } from "../documents/secrets.ts";
import { changeDoc, deleteDoc } from "../documents/write.ts";
import { fieldOf } from "./tables.ts";
import { Null, type Doc } from "../values.ts";
import { comparableFor } from "./base.ts";
import { Absent, on, param, table, type Table } from "./table.ts";
import { string, struct, time } from "./tags.ts";

const data = param("data", struct);

const anyDocTable: Table<Doc> = table<Doc>(
  {
    access: on([param("key0", string)], (context, self, key) => {
      const found = fieldOf(context, self, { text: key, span: context.span });
      return found instanceof Absent ? new Null(found.cause) : found;
    }),
    methods: {
      exists: on([], (context, self) => guardNull(context, self, "`exists`") === undefined),
    },
  },
  comparableFor(),
);

/** Documents of user collections. */
export const docTable = table<Doc>(
  {
    methods: {
      update: on([data], (context, self, fields) =>
        changeDoc(context, self, "update", "metadata", fields),
      ),
      replace: on([data], (context, self, fields) =>
        changeDoc(context, self, "replace", "metadata", fields),
      ),
      updateData: on([data], (context, self, fields) =>
        changeDoc(context, self, "update", "plain", fields),
      ),
      replaceData: on([data], (context, self, fields) =>
        changeDoc(context, self, "replace", "plain", fields),
      ),
      delete: on([], deleteDoc),
    },
  },
  anyDocTable,
);

/** Definitions. */
export const nativeDocTable = table<Doc>(
  {
    methods: {
      update: on([data], (context, self, fields) =>
        changeDefinition(context, self, "update", fields),
      ),
      replace: on([data], (context, self, fields) =>
        changeDefinition(context, self, "replace", fields),
      ),
      delete: on([], deleteDefinition),
    },
  },
  anyDocTable,
);

export const keyTable = table<Doc>({}, nativeDocTable);
export const tokenTable = table<Doc>({}, nativeDocTable);

export const credentialTable = table<Doc>(
  {
    methods: {
      verify: on([param("secret", string)], verifyPassword),
      login: [
        on([param("secret", string)], (context, self, secret) =>
          login(context, self, secret, undefined),
        ),
        on([param("secret", string), param("ttl", time)], login),
      ],
    },
  },
  nativeDocTable,
);
