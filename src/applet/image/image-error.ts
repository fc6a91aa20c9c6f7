/** The memory holds no image that this card can run, with one sentence that says why. */
export class ImageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImageError';
  }
}
