import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { readInputText } from '../console/input-file.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import { keepsCode } from './history.ts';
import { looksLikeHex, ScriptError } from './script.ts';

const NAME = /^[a-z][\w-]{0,31}$/i;
const LINE = /^([\w-]+): (.*)$/;

/** Names for lines of commands. In a plain file, one a line: `NAME: COMMAND; COMMAND`. */
export class MacroTable {
  readonly #path: string;
  readonly #macros: Map<string, string>;

  /** @param folder of the person's state; need not be there */
  constructor(folder: string) {
    this.#path = join(folder, 'shell-macros');
    this.#macros = existsSync(this.#path) ? read(readInputText(this.#path, 'the list of macros')) : new Map();
  }

  get names(): readonly string[] {
    return [...this.#macros.keys()].sort();
  }

  /** Its commands. @throws {ScriptError} there is none of that name */
  commands(name: string): readonly string[] {
    const text = this.#macros.get(name);
    if (text === undefined)
      throw new ScriptError(`there is no macro of that name: ${this.names.join(', ') || 'none is defined'}`);
    return text.split(';').map((command) => command.trim());
  }

  /** Takes it for what comes after; `save` makes it last. @throws {ScriptError} */
  define(name: string, text: string): void {
    if (!NAME.test(name) || looksLikeHex(name)) {
      throw new ScriptError('the name of a macro has letters, digits, - and _, and is no hexadecimal number');
    }
    if (text.split(';').some((command) => keepsCode(command))) {
      throw new ScriptError('a macro is kept in a file, and a code is not: `verify` asks for it when the macro runs');
    }
    this.#macros.set(name, text.trim());
  }

  /** @throws {ScriptError} there is none of that name */
  remove(name: string): void {
    this.commands(name);
    this.#macros.delete(name);
  }

  /** @throws {HalError} `storage` */
  save(): void {
    const lines = this.names.map((name) => `${name}: ${this.#macros.get(name)}\n`);
    makeFolder(join(this.#path, '..'), PRIVATE);
    replaceFile(this.#path, [Buffer.from(lines.join(''))]);
    chmodSync(this.#path, 0o600);
  }
}

function read(text: string): Map<string, string> {
  const macros = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, commands] = LINE.exec(line) ?? [];
    if (name !== undefined && commands !== undefined) macros.set(name, commands);
  }
  return macros;
}
