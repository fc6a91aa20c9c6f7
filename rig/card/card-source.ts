/** `profile`: a fresh card in memory, made with a fixed seed. `image`: an image file, its state kept, or a profile by name. */
export type CardSource =
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'image'; readonly fileOrName: string };
