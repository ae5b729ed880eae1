# Sourced by scripts/demo and scripts/test: checks Node, installs the locked dependencies, builds.

say() { printf '\n== %s\n' "$*"; }

node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`fauna-ark needs Node 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(2);
  }' || { echo "Install Node 20.19 or newer from your system or nodejs.org, then try again." >&2; exit 2; }

# Installed again only when the lockfile has changed. --ignore-scripts: faunadb's install script calls out.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  say "install: npm ci --ignore-scripts"
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.installed-lock.json
fi

say "build: tsc"
rm -rf dist
npm run --silent build
