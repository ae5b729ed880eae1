/** Lines of a rendered difference, perhaps in the colours of a terminal. */
const CODES = {
  blue: "1;34",
  green: "32",
  red: "31",
  yellow: "33",
  cyan: "36",
  bold: "1",
} as const;
export type Colour = keyof typeof CODES;

/** Text that is made line by line. */
export class Painter {
  text = "";
  private readonly colours: boolean;

  constructor(colours: boolean) {
    this.colours = colours;
  }

  /** `text` in a colour, if colours are wanted. */
  paint(colour: Colour, text: string): string {
    return this.colours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }

  line(text = ""): void {
    this.text += `${text}\n`;
  }
}
