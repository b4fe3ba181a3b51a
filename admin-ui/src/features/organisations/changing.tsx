/** Adding an organisation, renaming it, moving it under another committee. */
import { App, Form, Input, Modal, Radio } from 'antd'
import { useCallback } from 'react'
import { useAct } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { OrganisationPicker, useOrganisations, type OrganisationNode } from '../../shared/organisations.tsx'
import { kindWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

export type Change =
  | { readonly verb: 'add'; readonly under?: OrganisationNode }
  | { readonly verb: 'rename' | 'move' | 'merge'; readonly one: OrganisationNode }
interface Fields {
  readonly name?: string
  readonly kind?: 'committee' | 'branch'
  readonly parent?: string
  readonly into?: string
}

/** Shown as long as there is a change to make: each begins with a form of its own. */
export function Changing({ change, done }: { change: Change; done: () => void }) {
  const t = useTexts(words)
  const [form] = Form.useForm<Fields>()
  const { run, busy, error } = useChanging(change, done)
  const title = { add: t.add, rename: t.rename, move: t.move, merge: t.merge }[change.verb]
  return (
    <Modal
      title={title}
      open
      onCancel={done}
      onOk={() => form.submit()}
      okText={t.save}
      cancelText={t.cancel}
      confirmLoading={busy}
    >
      <Form<Fields> form={form} layout="vertical" onFinish={run} initialValues={beginning(change)}>
        {(change.verb === 'add' || change.verb === 'move') && <Place change={change} />}
        {change.verb === 'merge' && <Into one={change.one} />}
        {(change.verb === 'add' || change.verb === 'rename') && (
          <Form.Item
            name="name"
            label={t.newName}
            extra={t.nameHint}
            rules={[{ required: true, whitespace: true, message: t.needed }]}
          >
            <Input maxLength={200} autoComplete="off" autoFocus />
          </Form.Item>
        )}
        <button type="submit" hidden />
        {error && <Failure of={error} />}
      </Form>
    </Modal>
  )
}

function Place({ change }: { change: Change }) {
  const t = useTexts(words)
  const word = useWord(kindWords)
  const kind = Form.useWatch<Fields['kind']>('kind') ?? 'branch'
  const adding = change.verb === 'add'
  return (
    <>
      {adding && (
        <Form.Item name="kind" label={t.kind}>
          <Radio.Group
            optionType="button"
            options={(['branch', 'committee'] as const).map((value) => ({ value, label: word(value) }))}
          />
        </Form.Item>
      )}
      {kind === 'branch' && (
        <Form.Item
          name="parent"
          label={t.parent}
          {...(adding ? { extra: t.underRegion } : { rules: [{ required: true, message: t.needed }] })}
        >
          <OrganisationPicker among={isAbove} clearable={adding} />
        </Form.Item>
      )}
    </>
  )
}

function Into({ one }: { one: OrganisationNode }) {
  const t = useTexts(words)
  const among = useCallback(
    (other: OrganisationNode) => other.kind === one.kind && other.id !== one.id,
    [one],
  )
  return (
    <>
      <p>{one.name}</p>
      <Form.Item
        name="into"
        label={t.mergeInto}
        extra={t.mergeHint}
        rules={[{ required: true, message: t.needed }]}
      >
        <OrganisationPicker among={among} />
      </Form.Item>
    </>
  )
}

function isAbove({ kind }: OrganisationNode): boolean {
  return kind !== 'branch'
}

function beginning(change: Change): Fields {
  if (change.verb === 'add') return { kind: 'branch', ...(change.under ? { parent: change.under.id } : {}) }
  const { name, parent } = change.one
  return { name, ...(parent === null ? {} : { parent }) }
}

function useChanging(change: Change, done: () => void) {
  const { message, modal } = App.useApp()
  const t = useTexts(words)
  const add = useAct('organisations.add')
  const alter = useAct('organisation.change')
  const merge = useAct('organisation.merge')
  const { nameOf } = useOrganisations()
  const run = ({ name = '', kind = 'branch', parent, into }: Fields) => {
    const told = (sentence: string) => ({
      onSuccess: () => {
        message.success(sentence)
        done()
      },
    })
    const under = kind === 'committee' || parent === undefined ? {} : { parent }
    if (change.verb === 'add')
      return add.mutate({ body: { name: name.trim(), kind, ...under } }, told(t.added(name.trim())))
    const params = { id: change.one.id }
    if (change.verb === 'merge') {
      const other = nameOf(into) ?? ''
      void modal.confirm({
        title: t.mergeAsk(change.one.name, other),
        content: t.mergeWhat,
        okText: t.merge,
        cancelText: t.cancel,
        okButtonProps: { danger: true },
        onOk: () => into && merge.mutate({ params, body: { into } }, told(t.merged(other))),
      })
      return
    }
    if (change.verb === 'rename')
      return alter.mutate({ params, body: { name: name.trim() } }, told(t.renamed(name.trim())))
    alter.mutate({ params, body: under }, told(t.moved(change.one.name)))
  }
  return {
    run,
    busy: add.isPending || alter.isPending || merge.isPending,
    error: add.error ?? alter.error ?? merge.error,
  }
}

/** Asks first: what is removed does not come back. */
export function useRemoving(): (one: OrganisationNode) => void {
  const { message, modal } = App.useApp()
  const { language } = useLanguage()
  const t = useTexts(words)
  const remove = useAct('organisation.remove')
  const run = ({ id, name }: OrganisationNode) =>
    remove.mutate(
      { params: { id }, body: {} },
      {
        onSuccess: () => void message.success(t.removed(name)),
        onError: (error) => void message.error(sentenceOf(error, language)),
      },
    )
  return (one) =>
    void modal.confirm({
      title: t.removeAsk(one.name),
      content: t.removeWhat,
      okText: t.remove,
      cancelText: t.cancel,
      okButtonProps: { danger: true },
      onOk: () => run(one),
    })
}
