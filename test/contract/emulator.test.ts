import { emulatorTarget } from "../support/emulator.ts";
import { databaseContract } from "./database-contract.ts";

databaseContract("The emulator", emulatorTarget);
