/** In the names of vpcd's readers, as PC/SC has them. On Windows more stands before it. */
export const VIRTUAL_READER = 'Virtual PCD';

/** Whether a reader of PC/SC is one of vpcd's: a card in it is software. */
export function isVirtualReader(name: string): boolean {
  return name.includes(VIRTUAL_READER);
}
