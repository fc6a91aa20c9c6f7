import { field } from '../../define.ts';
import type { LocatedDirectory, LocatedFile } from '../../located.ts';
import type { Need } from '../../model.ts';
import { directory, file } from '../../needs.ts';

/** Who is selected in these cases. */
export const NAMED_WITH_FILE: Need<LocatedDirectory> = directory('a DF in the MF with a name and an EF', {
  named: true,
  inTree: true,
  withFile: true,
});
export const NAMED: Need<LocatedDirectory> = directory('a DF with a name', { named: true });
export const WITH_CHILD: Need<LocatedDirectory> = directory('a DF in the MF that has a DF in it', {
  inTree: true,
  withDirectory: true,
});
export const WITH_SIBLING: Need<LocatedDirectory> = directory('a DF with another one beside it', {
  inTree: true,
  withSibling: true,
});
export const TRANSPARENT: Need<LocatedFile> = file({ structure: 'transparent', access: { read: 'free' }, bytes: 2 });

/** SELECT with Le, but where P2 asks for no answer. */
export function select(p1: string, p2: string, data: string): string {
  return `00A4${p1}${p2}${field(data)}${p2 === '0C' ? '' : '00'}`;
}
