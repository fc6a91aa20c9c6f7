import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where this station keeps what outlives a command (boards, keys, history and macros of the shell):
 * `$XDG_STATE_HOME/vitap`, or `~/.local/state/vitap`.
 */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_STATE_HOME;
  // The XDG rules: a relative path is to be ignored.
  const root = base?.startsWith('/') ? base : join(env.HOME ?? homedir(), '.local', 'state');
  return join(root, 'vitap');
}
