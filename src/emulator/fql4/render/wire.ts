/** Values as they are written inside lambdas. */
import { type Json, parseJson } from "../../../values/json.ts";
import type { Session } from "../session.ts";
import type { Literal } from "../value.ts";
import { Renderer } from "./render.ts";

/** `value` as the JSON that a lambda is stored with. */
export function writeLiteral(session: Session, value: Literal): Json {
  return writeJson(new Renderer(session, "4"), value);
}

/** `value` as `renderer` shows it. */
function writeJson(renderer: Renderer, value: Literal): Json {
  return typeof value === "string" || value === null ? value : parseJson(renderer.text(value));
}
