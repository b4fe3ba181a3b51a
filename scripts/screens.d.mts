/** Builds the screens of the repository at `root`, unless they are there; the folder they are in. */
export function buildScreens(root: string): Promise<string>
