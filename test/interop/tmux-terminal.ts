import { spawnSync } from 'node:child_process';
import { expect, vi } from 'vitest';

const SEEN_MS = 20_000;

/** A real terminal, in tmux, with a program in it: keys go in, and what stands on the screen comes out. */
export class TmuxTerminal {
  readonly #socket: string;

  /** @param command for a shell */
  constructor(command: string, env: Readonly<Record<string, string>>) {
    this.#socket = `vitap-test-${process.pid}-${Math.floor(performance.now())}`;
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const size = ['-x', '160', '-y', '50'];
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      ...size,
      ...variables,
      `${command}; echo "ended with $?"; sleep 100`,
    );
    this.#tmux('set-option', '-g', 'history-limit', '5000');
  }

  /** Everything that was ever on the screen. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-').replace(/[ \n]+$/, '');
  }

  /** Text as typed; names of keys: `Enter`, `Tab`, `C-c`. */
  key(...names: readonly string[]): void {
    this.#tmux('send-keys', ...names);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  async shows(text: string | RegExp, times = 1): Promise<void> {
    await vi.waitFor(
      () => {
        const { screen } = this;
        const found =
          typeof text === 'string' ? screen.split(text).length - 1 : (screen.match(new RegExp(text, 'g')) ?? []).length;
        if (found < times) expect(screen).toContain(`${text} ${times} times`);
      },
      { timeout: SEEN_MS, interval: 100 },
    );
  }

  /** Waits until the prompt is the last line. */
  async prompt(prompt = 'vitap>'): Promise<void> {
    await vi.waitFor(() => expect(this.screen.split('\n').at(-1)).toBe(prompt), { timeout: SEEN_MS, interval: 100 });
  }

  /** Types a command at the prompt, and waits for the next one. @returns what was printed for it */
  async obey(line: string, then = 'vitap>'): Promise<string> {
    const before = this.screen.length;
    this.type(line);
    this.key('Enter');
    await vi.waitFor(() => expect(this.screen.length).toBeGreaterThan(before + line.length + 1), {
      timeout: SEEN_MS,
      interval: 50,
    });
    await this.prompt(then);
    return this.screen.slice(before);
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server']);
  }

  #tmux(...args: readonly string[]): string {
    const ran = spawnSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`tmux ${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  }
}
