import { texts } from '../../shared/language.tsx'

export const alarmTitles = texts({
  fork: { zh: '同一编号两份内容', en: 'Two contents under one number' },
  behind: { zh: '本节点数据比对方掌握的旧', en: 'This node holds less than others have of it' },
  peer_behind: { zh: '对方数据比本地掌握的旧', en: 'The other node holds less than we have of it' },
  replay_differs: { zh: '恢复时有记录未能还原', en: 'A record could not be taken in again' },
  clock_skew: { zh: '与对方时钟相差五分钟以上', en: 'Clocks differ by more than five minutes' },
  agreement_ending: { zh: '共管协议将到期或已到期', en: 'An agreement ends, or has ended' },
  agreement_ahead: { zh: '共管协议尚未开始生效', en: 'An agreement has not begun' },
  parked_full: { zh: '待处理的新类型记录已满', en: 'Too many records of new types are waiting' },
  key_missing: { zh: '缺少对方用过的密钥', en: 'A key of the other node is missing' },
  many_reveals: { zh: '查看完整号码过多', en: 'Many numbers shown in the clear' },
})
export const alarmMeanings = texts({
  fork: {
    zh: '已停收该地区的记录，证据已保存。请电话联系对方核实原因；核实后在其页面“更多”中解除冻结，并请对方在其系统中对本地区“恢复”。',
    en: 'Nothing more is taken from it, and the proof is kept. Call them; then thaw it under “More” on its page, and let them recover towards us.',
  },
  behind: {
    zh: '可能由备份恢复，或同一节点启动了两份；已停止签发。请信息人员确认只运行一份，然后在各地区页面“更多”中“恢复”。',
    en: 'It was restored from a backup or runs twice; it signs nothing. Make sure it runs once, then recover under “More” on each region’s page.',
  },
  peer_behind: {
    zh: '对方可能由备份恢复。无需操作，等待对方恢复；长时间未恢复请电话联系。',
    en: 'It was perhaps restored from a backup. Nothing to do here but wait for it to recover; call if it takes long.',
  },
  replay_differs: {
    zh: '请与对方核对“涉及”所示的案件，两边内容一致后再确认处理。',
    en: 'Compare the case named below with the other side; acknowledge once both agree.',
  },
  clock_skew: {
    zh: '请双方信息人员核对服务器时间。',
    en: 'Let the IT of both sides check the clocks of the servers.',
  },
  agreement_ending: {
    zh: '请尽快与该地区续签：点“签订协议”重新走一遍。到期后往来停止，记录保留。',
    en: 'Renew it soon by concluding another. After its end nothing is exchanged; records are kept.',
  },
  agreement_ahead: {
    zh: '生效日之前不收发，记录保留。如非双方本意，说明签订时某一方时钟超前：请校准时钟，再点“签订协议”重新走一遍。',
    en: 'Nothing is exchanged before it begins; records are kept. If that is not intended, a clock was ahead when it was signed: set the clocks and conclude another.',
  },
  parked_full: {
    zh: '对方的程序较新，本节点暂不认识其中的新类型记录，待处理数已达上限，暂不再接收；对方会保留，不会丢失。请信息人员尽快升级本节点，升级后自动处理。',
    en: 'Its program is newer, and as many of its new records wait here as may be. Nothing more is taken and nothing is lost. Let your IT upgrade this node; it then goes on by itself.',
  },
  key_missing: {
    zh: '恢复的旧库里没有对方用过的某个密钥，该地区暂时无法恢复。请信息人员先按签订的先后，把与该地区以前的协议文件逐份重新签署，再签订新协议；已先签了新协议的，补签旧文件之后请对方更换密钥，双方再签订一份。',
    en: 'This database lacks a key that it has used, so nothing of it can be recovered. Let your IT sign the earlier agreement files again, in their order, before a new one is concluded; if one was, they still do so, and then the other node replaces its key and both conclude another.',
  },
  many_reveals: {
    zh: '某账号一小时内查看的完整号码超出日常所需。请审计员在审计中按该账号核对用途，并当面询问。',
    en: 'An account had more numbers shown within an hour than a day’s work needs. Let the auditor look up its entries, and ask.',
  },
})

export const words = texts({
  title: { zh: '协议与往来', en: 'Peers' },
  hint: {
    zh: '与各地区的共管协议，以及记录往来是否顺畅。',
    en: 'The agreements with other regions, and whether records go through.',
  },
  back: { zh: '返回协议与往来', en: 'All peers' },
  compare: { zh: '与该地对账', en: 'Compare counts' },
  peers: { zh: '各地区', en: 'Regions' },
  region: { zh: '地区', en: 'Region' },
  state: { zh: '状态', en: 'State' },
  said: { zh: '说明', en: 'What it means' },
  waiting: { zh: '待送达', en: 'To deliver' },
  parked: { zh: '待处理', en: 'Parked' },
  heard: { zh: '最近应答', en: 'Last heard' },
  never: { zh: '从未', en: 'never' },
  until: { zh: '协议至', en: 'Agreed until' },
  problem: {
    zh: (code: string, at: string) => `最近一次失败 ${at}（${code}）`,
    en: (code: string, at: string) => `last failure ${at} (${code})`,
  },
  noPeers: {
    zh: '还没有签订协议的地区。点“签订协议”开始。',
    en: 'No agreement yet. Begin with “Conclude an agreement”.',
  },
  noPeersAsk: {
    zh: '还没有签订协议的地区。请系统管理员签订。',
    en: 'No agreement yet. Let the administrator conclude one.',
  },
  conclude: { zh: '签订协议', en: 'Conclude an agreement' },
  ownKey: { zh: '本节点密钥', en: 'Key of this node' },
  cancel: { zh: '取消', en: 'Cancel' },
  needed: { zh: '请填写此项', en: 'Fill this in' },

  alarms: { zh: '告警', en: 'Alarms' },
  noAlarms: { zh: '没有未处理的告警', en: 'No open alarms' },
  acknowledgedToo: { zh: '显示已处理的', en: 'Acknowledged ones too' },
  acknowledge: { zh: '确认已处理', en: 'It was seen to' },
  acknowledged: { zh: '已确认处理，记入您的姓名', en: 'Acknowledged in your name' },
  acknowledgedBy: {
    zh: (who: string, at: string) => `${who} 于 ${at} 确认处理`,
    en: (who: string, at: string) => `acknowledged by ${who} at ${at}`,
  },
  raised: { zh: (at: string) => `发生于 ${at}`, en: (at: string) => `raised ${at}` },
  subject: { zh: '涉及', en: 'about' },

  fingerprints: { zh: '指纹核对', en: 'Fingerprints' },
  fingerprintsHint: {
    zh: '需要时与对方通电话：各自念出自己的指纹，另一方对照。两边所见应完全相同。',
    en: 'When in doubt, telephone: each reads the own fingerprint aloud, the other compares. Both must see the same.',
  },
  ours: { zh: (name: string) => `本节点（${name}）`, en: (name: string) => `This node (${name})` },
  theirs: { zh: (name: string) => `对方（${name}）`, en: (name: string) => `The other (${name})` },
  theirFingerprint: { zh: '对方指纹', en: 'Their fingerprint' },
  agreement: { zh: '共管协议', en: 'Agreement' },
  valid: { zh: '有效期', en: 'Valid' },
  replyDays: { zh: '答复时限', en: 'Days to reply' },
  replyDaysHint: {
    zh: '天。双方承诺在此期限内答复，一般 15 天',
    en: 'Both sides undertake to answer within; usually 15',
  },
  queriesPerDay: { zh: '每日身份查询上限', en: 'Identity queries a day' },
  queriesHint: {
    zh: '次。一方每天最多向另一方查询多少人',
    en: 'How many people one side may ask the other about in a day',
  },
  years: { zh: '有效年数', en: 'Years' },
  yearsHint: { zh: '年。到期前三十天会提醒续签', en: 'You are told thirty days before it ends' },
  days: { zh: (n: number) => `${n} 天`, en: (n: number) => `${n} days` },
  perDay: { zh: (n: number) => `${n} 次`, en: (n: number) => `${n}` },
  families: { zh: '往来的记录', en: 'Records exchanged' },
  rulePack: { zh: '规则包', en: 'Rule pack' },
  theirAddress: { zh: '对方节点地址', en: 'Address of the other node' },
  agreementId: { zh: '协议编号', en: 'Number of the agreement' },

  streams: { zh: '记录往来', en: 'Streams' },
  direction: { zh: '方向', en: 'Direction' },
  epoch: { zh: '纪元', en: 'Epoch' },
  lastEnvelope: { zh: '最新编号', en: 'Last number' },
  receipted: { zh: '回执到', en: 'Receipted up to' },
  backlog: { zh: '积压', en: 'Backlog' },
  outgoing: { zh: (name: string) => `发往${name}`, en: (name: string) => `To ${name}` },
  incoming: { zh: (name: string) => `来自${name}`, en: (name: string) => `From ${name}` },
  recordsWaiting: { zh: (n: number) => `${n} 条待送达`, en: (n: number) => `${n} to deliver` },
  recordsParked: { zh: (n: number) => `${n} 条待处理`, en: (n: number) => `${n} parked` },

  stuck: { zh: '未能办结的记录', en: 'What did not go through' },
  allThrough: {
    zh: '没有：双方的记录都已办结，也没有被拒收的内容。',
    en: 'Nothing: every record of both sides went through, and nothing was turned away.',
  },
  parkedTitle: { zh: '对方发来、本地待处理的记录', en: 'Theirs, parked here' },
  parkedHint: {
    zh: '所依据的记录尚未到达或版本较新，到齐后自动处理，无需操作。',
    en: 'What they build on has not come yet, or they are of a newer version. They go on by themselves.',
  },
  outcomesTitle: { zh: '本地发出、对方搁置或拒绝的记录', en: 'Ours, parked or refused there' },
  outcomesHint: {
    zh: '搁置的会自动继续；拒绝的请打开案件核对后更正。',
    en: 'Parked ones go on by themselves; for refused ones, open the case and correct it.',
  },
  refusedTitle: { zh: '对方发来、本地拒绝的记录', en: 'Theirs, refused here' },
  refusedHint: {
    zh: '签名有效，但内容与规定或已有记录不符，对方已得知原因。反复出现时请与对方核对。',
    en: 'Signed rightly, but against the rules or what is on record; they were told why. Compare with them if it keeps happening.',
  },
  refusalsTitle: { zh: '以对方名义发来、入口拒收', en: 'Turned away at the gate in its name' },
  refusalsHint: {
    zh: '内容不合规范或签名不对，没有产生任何作用。反复出现时请电话联系对方。',
    en: 'It did not fit or was not signed rightly, and had no effect. Call them if it keeps happening.',
  },
  nothingStuck: { zh: '没有', en: 'None' },
  recordType: { zh: '记录', en: 'Record' },
  case: { zh: '案件', en: 'Case' },
  openCase: { zh: '查看案件', en: 'Open the case' },
  number: { zh: '编号', en: 'Number' },
  outcome: { zh: '结果', en: 'Outcome' },
  written: { zh: '写入时间', en: 'Written' },
  parkedThere: { zh: '对方搁置，自动继续', en: 'Parked there, goes on by itself' },
  refusedFor: { zh: (why: string) => `对方拒绝：${why}`, en: (why: string) => `Refused: ${why}` },
  why: { zh: '原因', en: 'Why' },
  code: { zh: '代码', en: 'Code' },
  count: { zh: '次数', en: 'Times' },
  last: { zh: '最近一次', en: 'Last' },

  more: { zh: '更多', en: 'More' },
  pause: { zh: '暂停往来', en: 'Pause' },
  pauseHint: {
    zh: (name: string) => `与${name}的往来将停止，双方写下的记录保留，恢复后自动补传。`,
    en: (name: string) =>
      `Nothing is exchanged with ${name} any more. What is written is kept and delivered after it resumes.`,
  },
  resume: { zh: '恢复往来', en: 'Resume' },
  paused: {
    zh: (name: string) => `已暂停与${name}的往来`,
    en: (name: string) => `Exchange with ${name} is paused`,
  },
  resumed: {
    zh: (name: string) => `已恢复与${name}的往来`,
    en: (name: string) => `Exchange with ${name} goes on`,
  },
  thaw: { zh: '解除冻结', en: 'Thaw' },
  thawHint: {
    zh: (name: string) =>
      `请先与${name}电话核实为何同一编号有两份内容。解除后，对方须在其系统中对本地区“恢复”，往来从新纪元继续。`,
    en: (name: string) =>
      `First call ${name} about why there were two contents under one number. Then they recover towards us, and a new epoch begins.`,
  },
  thawed: { zh: '已解除冻结，请对方恢复', en: 'Thawed; let them recover now' },
  recover: { zh: '从对方恢复', en: 'Recover' },
  recoverHint: {
    zh: (name: string) =>
      `从${name}取回对方保存的本地记录与回执，补齐本节点缺失的部分，然后继续往来。仅在备份恢复、数据丢失或对方要求时使用。`,
    en: (name: string) =>
      `Fetches from ${name} what it holds of our records and receipts, fills in what is missing here and goes on. For after a restored backup, a loss, or when they ask for it.`,
  },
  recovered: { zh: '已恢复', en: 'Recovered' },
  recoverWaits: {
    zh: (why: string) => `尚未恢复：${why}。对方应答后自动继续`,
    en: (why: string) => `Not recovered yet: ${why}. It goes on as soon as they answer`,
  },
  revoke: { zh: '吊销对方密钥', en: 'Revoke their key' },
  revokeOf: { zh: (name: string) => `吊销${name}的密钥`, en: (name: string) => `Revoke the key of ${name}` },
  revokeWarning: {
    zh: (name: string) =>
      `仅在${name}告知其密钥丢失或被盗时使用。吊销后不再相信该密钥的任何新内容，往来停止；须由对方更换新密钥并重新签订协议。此操作不能撤回，已收到的记录保留有效。`,
    en: (name: string) =>
      `Only when ${name} says that its key was lost or stolen. Nothing new under it is believed and exchange stops until they replace it and sign a new agreement. This cannot be undone; what was received stays valid.`,
  },
  revoked: {
    zh: (name: string) => `已吊销${name}的密钥`,
    en: (name: string) => `The key of ${name} is revoked`,
  },
  typeName: {
    zh: (name: string) => `请输入“${name}”确认`,
    en: (name: string) => `Type “${name}” to confirm`,
  },

  ownFingerprint: { zh: '本节点指纹', en: 'Fingerprint of this node' },
  readAloud: {
    zh: '对方来电核对时，请逐组念出。',
    en: 'Read it aloud group by group when the other side calls.',
  },
  address: { zh: '本节点对外地址', en: 'Address of this node' },
  changeKey: { zh: '更换密钥', en: 'Change the key' },
  rotate: { zh: '定期更换', en: 'Rotate' },
  rotateHint: {
    zh: '定期更换：启用新密钥签名，各地自动得知，协议不变，无需对方操作。',
    en: 'Rotate: sign with a new key. Peers learn of it by themselves; agreements stay.',
  },
  replace: { zh: '丢失或泄露后更换', en: 'Replace' },
  replaceHint: {
    zh: '丢失或泄露后更换：旧密钥作废，须与每个地区重新签订协议。',
    en: 'Replace: the key was lost or stolen. The old one is void and every region has to sign anew.',
  },
  replaceWarning: {
    zh: '旧密钥将作废，与所有地区的往来停止，直到逐一重新签订协议。同时请通知各地吊销旧密钥。此操作不能撤回。',
    en: 'The old key becomes void and exchange with every region stops until each has signed anew. Tell them to revoke the old one. This cannot be undone.',
  },
  rotated: { zh: '已启用新密钥，正通知各地', en: 'A new key signs now; peers are being told' },
  replaced: {
    zh: '已更换密钥，请与各地重新签订协议',
    en: 'The key is replaced: conclude the agreements anew',
  },
  newFingerprint: { zh: '新的指纹', en: 'The new fingerprint' },
  understood: { zh: '知道了', en: 'Understood' },

  wayPropose: { zh: '由我方发起', en: 'We propose' },
  waySign: { zh: '已收到对方的协议文件', en: 'We have their document' },
  stepCards: { zh: '交换名片', en: 'Exchange cards' },
  stepOpen: { zh: '打开对方的文件', en: 'Open their document' },
  stepPropose: { zh: '核对对方指纹，签名', en: 'Compare their fingerprint, sign' },
  stepSign: { zh: '核对对方指纹，签名', en: 'Compare their fingerprint, sign' },
  stepSend: { zh: '把协议发给对方', en: 'Send the document' },
  cardHint: {
    zh: '把本节点名片发给对方（邮件、即时通讯均可，其中没有秘密），并向对方要其名片。',
    en: 'Give our card to the other side by any way: nothing in it is secret. Ask for theirs.',
  },
  cardFile: { zh: (name: string) => `节点名片-${name}.json`, en: (name: string) => `card-${name}.json` },
  documentFile: {
    zh: (name: string) => `共管协议-${name}已签.json`,
    en: (name: string) => `agreement-signed-by-${name}.json`,
  },
  theirCard: { zh: '对方名片', en: 'Their card' },
  theirDocument: { zh: '对方发来的协议文件', en: 'Their document' },
  load: { zh: '打开文件…', en: 'Open a file…' },
  pasteHere: { zh: '或把内容粘贴到这里', en: 'or paste it here' },
  save: { zh: '保存为文件', en: 'Save as a file' },
  saved: { zh: (file: string) => `已保存 ${file}`, en: (file: string) => `Saved ${file}` },
  copyText: { zh: '复制内容', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  tooLong: { zh: '文件太大，不是名片或协议文件。', en: 'This file is too large for a card or an agreement.' },
  noCard: {
    zh: '这不是节点名片。请对方在“签订协议”页面保存名片后发来。',
    en: 'This is no card. Let them save theirs on this same page and send it.',
  },
  ownCardTaken: { zh: '这是本节点自己的名片，请打开对方的名片。', en: 'This is our own card: open theirs.' },
  noDocument: {
    zh: '这不是可签署的协议文件，或文件被改动过。请对方重新发来。',
    en: 'This is no agreement that can be signed, or it was changed. Let them send it again.',
  },
  notOurs: { zh: '这份协议不是与本节点签订的。', en: 'This agreement is not with this node.' },
  compareWith: {
    zh: (name: string, node: string) => `与${name}（${node}）电话核对指纹`,
    en: (name: string, node: string) => `Compare the fingerprint with ${name} (${node}) by telephone`,
  },
  tickHint: {
    zh: '拨打您原先就知道的号码，请对方念出其“本节点密钥”页面上的指纹；每听到相同的一组就点一下。有一组不同就停下，不要签。',
    en: 'Call a number you knew before. Let them read the fingerprint of their node aloud, and press each group as you hear it. Stop and do not sign if one differs.',
  },
  heardSoFar: {
    zh: (n: number, of: number) => `已核对 ${n} / ${of} 组`,
    en: (n: number, of: number) => `${n} of ${of} groups heard`,
  },
  notHeardYet: { zh: '核对完全部 16 组后才能签名。', en: 'All 16 groups have to be heard before signing.' },
  terms: { zh: '条款', en: 'Terms' },
  signAndMake: { zh: '签名并生成协议', en: 'Sign and make the document' },
  sign: { zh: '签名', en: 'Sign' },
  addressHint: {
    zh: '由对方提供，如 https://node.example:7310(见其“本节点密钥”页面)',
    en: 'They tell it: it stands on their page “Key of this node”, such as https://node.example:7310',
  },
  hasSigned: { zh: '已签名，签名有效', en: 'Signed, and the signature holds' },
  notSigned: { zh: '未签名', en: 'Not signed' },
  inForce: {
    zh: (name: string) => `与${name}的协议已生效`,
    en: (name: string) => `The agreement with ${name} is in force`,
  },
  signedWaits: { zh: '已签名，待对方签名', en: 'Signed; waits for the other signature' },
  activeTitle: { zh: '协议已在本节点生效', en: 'The agreement is in force here' },
  activeHint: {
    zh: '请把下面这份双方都已签名的文件发给对方；对方打开后即在其节点生效。对方已有这份文件的，无需再发。',
    en: 'Send this document with both signatures to the other side; it is in force there once they open it. Not needed if they have it already.',
  },
  proposedTitle: { zh: '已签名，请发给对方', en: 'Signed: send it to the other side' },
  proposedHint: {
    zh: '对方在“签订协议 - 已收到对方的协议文件”中打开、核对、签名，再把文件发回；收到后点下面的链接。',
    en: 'They open it under “We have their document”, compare, sign and send it back. Then follow the link below.',
  },
  returned: { zh: '对方已发回签好的文件，打开它', en: 'It came back signed: open it' },
  whyTelephone: {
    zh: '为什么要打电话？文件在路上可能被人调换。指纹相同，才能确认是对方本人的节点。',
    en: 'Why telephone? A file can be exchanged on its way. Only the same fingerprint shows that it is their node.',
  },
})
