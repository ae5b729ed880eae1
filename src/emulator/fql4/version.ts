/** The versions of the v4 API: what a request may ask for, and what a stored lambda was written in. */

/** Every version, oldest first. */
const VERSIONS = ["2.0", "2.1", "2.7", "2.12", "3", "4", "5", "UNSTABLE"] as const;

export type ApiVersion = (typeof VERSIONS)[number];

/** What a request without `X-FaunaDB-API-Version` gets. */
export const DEFAULT_VERSION: ApiVersion = "2.1";

/** What a lambda without `api_version` was written in; older ones are stored as this. */
export const LAMBDA_DEFAULT_VERSION: ApiVersion = "2.12";

/** The version that `text` names, or undefined. */
export function parseVersion(text: string): ApiVersion | undefined {
  return VERSIONS.find((version) => version === text);
}

/** Whether `version` is `other` or newer. */
export function atLeast(version: ApiVersion, other: ApiVersion): boolean {
  return VERSIONS.indexOf(version) >= VERSIONS.indexOf(other);
}

/** The newer of two versions. */
export function newer(a: ApiVersion, b: ApiVersion): ApiVersion {
  return atLeast(a, b) ? a : b;
}
