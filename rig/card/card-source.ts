/** States of a PIN of PACE (BSI TR-03110) that a fresh card can be given: its last try, none, or not in use. */
export const PIN_STATES: readonly ['suspended', 'blocked', 'deactivated'] = ['suspended', 'blocked', 'deactivated'];

export type PinState = (typeof PIN_STATES)[number];

/** `profile`: a fresh card in memory, made with a fixed seed. `image`: an image file, its state kept, or a profile by name. */
export type CardSource =
  | { readonly kind: 'profile'; readonly name: string; readonly state?: PinState }
  | { readonly kind: 'image'; readonly fileOrName: string };
