/**
 * JSON as a tree that can also say what JSON values cannot: a member twice, a number in any spelling, a name that is
 * escaped without need. Mutations change the tree; what is sent is its text.
 */
export type Tree =
  { kind: 'raw'; text: string } | { kind: 'list'; items: Tree[] } | { kind: 'object'; members: Member[] }
/** `name` is the name as it is spelled between (and with) its quotation marks. */
export interface Member {
  name: string
  value: Tree
}

/** A place in a tree at which something stands and something else may be put. */
export interface Spot {
  readonly depth: number
  readonly tree: Tree
  put(tree: Tree): void
}

export const raw = (text: string): Tree => ({ kind: 'raw', text })

export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(treeOf) }
  if (typeof value !== 'object' || value === null) return raw(JSON.stringify(value))
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return {
    kind: 'object',
    members: members.map(([name, member]) => ({ name: JSON.stringify(name), value: treeOf(member) })),
  }
}

export function textOf(tree: Tree): string {
  if (tree.kind === 'raw') return tree.text
  if (tree.kind === 'list') return `[${tree.items.map(textOf).join(',')}]`
  return `{${tree.members.map(({ name, value }) => `${name}:${textOf(value)}`).join(',')}}`
}

export function spotsOf(holder: { root: Tree }): Spot[] {
  const spots: Spot[] = []
  const visit = (tree: Tree, depth: number, put: (tree: Tree) => void): void => {
    spots.push({ depth, tree, put })
    if (tree.kind === 'list')
      tree.items.forEach((item, i) => visit(item, depth + 1, (other) => (tree.items[i] = other)))
    if (tree.kind === 'object')
      for (const member of tree.members) visit(member.value, depth + 1, (other) => (member.value = other))
  }
  visit(holder.root, 1, (tree) => (holder.root = tree))
  return spots
}

export function objectsOf(holder: { root: Tree }): Extract<Tree, { kind: 'object' }>[] {
  return spotsOf(holder).flatMap(({ tree }) => (tree.kind === 'object' ? [tree] : []))
}
