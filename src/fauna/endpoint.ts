import { ArkError } from "../errors/errors.ts";

const HINT = "Give the address of a running Fauna, for example http://localhost:8443.";

/**
 * The endpoint that a person wrote, checked. Only scheme, host and port count.
 * @throws ArkError ERR_USAGE, never repeating a login that the address may hold.
 */
export function parseEndpoint(text: string | undefined): URL {
  const trimmed = (text ?? "").trim();
  if (trimmed === "") {
    throw new ArkError("ERR_USAGE", "No endpoint is given.", {
      hint: "Set --endpoint or FAUNA_ENDPOINT; there is no default since the hosted service ended.",
    });
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) || !URL.canParse(trimmed)) {
    throw new ArkError("ERR_USAGE", "The endpoint is not a URL.", { hint: HINT });
  }
  const url = new URL(trimmed);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ArkError("ERR_USAGE", `The endpoint's scheme ${url.protocol}// is not supported.`, {
      hint: HINT,
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new ArkError("ERR_USAGE", "The endpoint holds a login.", {
      hint: "Give the secret by --secret-file or FAUNA_SECRET and the endpoint without it.",
    });
  }
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    throw new ArkError("ERR_USAGE", "The endpoint has a path, query or fragment.", {
      place: url.origin,
      hint: `Give only scheme, host and port: ${url.origin}`,
    });
  }
  refuseHostedService(url);
  return new URL(url.origin);
}

/** Drivers still default to these hosts; a timeout or a parked domain's page would explain nothing. */
function refuseHostedService(url: URL): void {
  if (url.hostname !== "fauna.com" && !url.hostname.endsWith(".fauna.com")) return;
  throw new ArkError(
    "ERR_USAGE",
    `${url.hostname} is gone: Fauna's hosted service ended on 2025-05-30.`,
    {
      place: url.origin,
      hint: "Give the address of a self-hosted Fauna, for example http://localhost:8443.",
    },
  );
}
