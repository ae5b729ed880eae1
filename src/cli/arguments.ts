/** The parsed arguments of one call: what a command reads instead of flags, variables and config files. */
import type { CommandSpec } from "./command.ts";
import type { OptionValue } from "./option.ts";

/** Every value is present, checked and of its option's type. Asking for what the table lacks is a defect. */
export class Arguments {
  readonly #command: CommandSpec;
  readonly #positionals: ReadonlyMap<string, string>;
  readonly #options: ReadonlyMap<string, OptionValue>;

  constructor(
    command: CommandSpec,
    positionals: ReadonlyMap<string, string>,
    options: ReadonlyMap<string, OptionValue>,
  ) {
    this.#command = command;
    this.#positionals = positionals;
    this.#options = options;
  }

  positional(name: string): string | undefined {
    if (!this.#command.positionals.some((positional) => positional.name === name)) {
      throw new TypeError(`${this.#command.name} has no positional ${name}`);
    }
    return this.#positionals.get(name);
  }

  /** A positional that the parser has made sure of. */
  required(name: string): string {
    const value = this.positional(name);
    if (value === undefined) throw new TypeError(`${name} is not a required positional`);
    return value;
  }

  text(name: string): string | undefined {
    const value = this.#get(name, "text", "choice");
    return value === undefined ? undefined : (value as string);
  }

  flag(name: string): boolean {
    return (this.#get(name, "flag") ?? false) as boolean;
  }

  number(name: string): number | undefined {
    const value = this.#get(name, "count", "bytes");
    return value === undefined ? undefined : (value as number);
  }

  list(name: string): readonly string[] {
    return (this.#get(name, "list") ?? []) as readonly string[];
  }

  #get(name: string, ...types: readonly string[]): OptionValue | undefined {
    const option = this.#command.options.find((each) => each.name === name);
    if (option === undefined || !types.includes(option.type)) {
      throw new TypeError(`${this.#command.name} has no ${types.join(" or ")} option ${name}`);
    }
    return this.#options.get(name);
  }
}
