import { GenericContainer, Wait } from "testcontainers";
import type { Target } from "./target.ts";

const IMAGE = process.env["FAUNA_IMAGE"] ?? "fauna/faunadb";

/** The dev container's own root secret. */
const SECRET = "secret";

/** Why there is no container to test against. */
export interface Unavailable {
  readonly why: string;
}

/**
 * A Fauna in a container, or why there is none: no Docker that answers, or no way to the image. Anything else that goes wrong
 * is thrown: an image that is there and does not start is a failure.
 */
export async function containerTarget(): Promise<Target | Unavailable> {
  let container;
  try {
    container = await new GenericContainer(IMAGE)
      .withExposedPorts(8443)
      .withWaitStrategy(Wait.forHttp("/ping", 8443).forStatusCode(200))
      .withStartupTimeout(180_000)
      .start();
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    if (isUnavailable(why)) return { why };
    throw error;
  }
  return {
    endpoint: `http://${container.getHost()}:${container.getMappedPort(8443)}`,
    secret: SECRET,
    close: async () => {
      await container.stop();
    },
  };
}

function isUnavailable(why: string): boolean {
  return /container runtime|docker|ENOENT|ECONNREFUSED|EACCES|pull|registry|manifest|no such host|timeout exceeded/i.test(
    why,
  );
}
