import { formatNir } from '../../../../src/applet/vitale/index.ts';

/** What stands for somebody unless `--show` was given. */
const MASK = '•••';

/** A name, shown or masked. */
export function nameText(name: string, show: boolean): string {
  return show ? name : MASK;
}

/** A NIR with its key, grouped, shown or masked. */
export function nirText(nir: string, key: string, show: boolean): string {
  return show ? formatNir(nir, key) : MASK;
}
