/** Which table a value answers from. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { NATIVE } from "../../data/ids.ts";
import { ValueSet } from "../sets/set.ts";
import {
  Doc,
  EventSource,
  Id,
  isArray,
  isFunction,
  isNumber,
  isObject,
  Module,
  Null,
  UserFunction,
  type Value,
} from "../values.ts";
import { arrayTable } from "./array.ts";
import { booleanTable } from "./boolean.ts";
import { dateTable } from "./date.ts";
import { credentialTable, docTable, keyTable, nativeDocTable, tokenTable } from "./doc.ts";
import { eventSourceTable } from "./event-source.ts";
import { functionTable, userFunctionTable } from "./function.ts";
import { nullTable } from "./null.ts";
import { numberTable } from "./number.ts";
import { objectTable } from "./object.ts";
import { bytesTable, idTable, plainTable, uuidTable } from "./scalars.ts";
import { setTable } from "./set.ts";
import { stringTable } from "./string.ts";
import { useTables } from "./tables.ts";
import { timeTable } from "./time.ts";

function find(value: Value): unknown {
  if (typeof value === "string") return stringTable;
  if (typeof value === "boolean") return booleanTable;
  if (isNumber(value)) return numberTable;
  if (value instanceof Null) return nullTable;
  if (isArray(value)) return arrayTable;
  if (isObject(value)) return objectTable;
  if (value instanceof Doc) return tableOfDoc(value);
  if (value instanceof Module) return value.table;
  if (value instanceof ValueSet) return setTable;
  if (value instanceof Time) return timeTable;
  if (value instanceof LocalDate) return dateTable;
  if (value instanceof Uint8Array) return bytesTable;
  if (value instanceof Id) return idTable;
  if (value instanceof Uuid) return uuidTable;
  if (value instanceof UserFunction) return userFunctionTable;
  if (isFunction(value)) return functionTable;
  if (value instanceof EventSource) return eventSourceTable;
  return plainTable;
}

function tableOfDoc({ collection }: Doc): unknown {
  switch (collection) {
    case NATIVE.Key:
      return keyTable;
    case NATIVE.Token:
      return tokenTable;
    case NATIVE.Credential:
      return credentialTable;
    default:
      return collection < 1024 ? nativeDocTable : docTable;
  }
}

/** Makes the tables known to the interpreter. */
export function loadTables(): void {
  useTables(find);
}
