export const LADDER: readonly number[] = [115_200, 230_400, 460_800, 921_600];
