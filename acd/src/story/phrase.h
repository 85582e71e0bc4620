/* Sentences of dialogues, in the tenant's language. */
#ifndef ACD_PHRASE_H
#define ACD_PHRASE_H
#include "core/acd.h"

/* clang-format off */
#define ACD_PHRASES(X) \
	X(ENTER_PIN, "请输入密码，按井号键结束。", "Please enter your PIN, followed by the pound key.") \
	X(ENTER_PIN_OR_NOT, "请输入管理员密码，按井号键结束；普通成员请直接按井号键。", \
		"Administrators, please enter your PIN, followed by the pound key. All others, just press the pound key.") \
	X(WRONG_PIN, "密码错误。", "That is not correct.") \
	X(WRONG_PIN_BYE, "密码错误，再见。", "That is not correct. Good bye.") \
	X(ROOM_LOCKED, "会议室已锁定。", "The conference is locked.") \
	X(ROOM_FULL, "会议室人数已满。", "The conference is full.") \
	X(WAIT_FOR_CHAIR, "请等待主持人。", "Please wait for the chair.") \
	X(ONLY_ONE, "您是第一位成员。", "You are the first one here.") \
	X(THERE_ARE, "会议中已有", "There are") X(MEMBERS, "位成员。", "members in the conference.") \
	X(SAY_NAME, "请在提示音后说出您的姓名，按井号键结束。", "Please say your name after the tone, followed by the pound key.") \
	X(JOINED, "加入会议。", "has joined.") X(LEFT, "离开会议。", "has left.") \
	X(MUTED, "已静音。", "Muted.") X(UNMUTED, "已取消静音。", "You can be heard.") \
	X(ALL_MUTED, "已全体静音。", "Everybody is muted.") X(ALL_UNMUTED, "已取消全体静音。", "Nobody is muted.") \
	X(NOW_LOCKED, "会议室已锁定。", "The conference is locked now.") X(NOW_UNLOCKED, "会议室已解锁。", "The conference is open.") \
	X(KICKED, "您已被移出会议。", "You have been removed from the conference.") X(REMOVED, "已移出。", "Removed.") \
	X(RECORDING_ON, "录音开始。", "Recording.") X(RECORDING_OFF, "录音停止。", "Recording has stopped.") \
	X(ENTER_NUMBER, "请输入要邀请的号码，按井号键结束。", "Please enter the number to invite, followed by the pound key.") \
	X(INVITED, "正在邀请。", "Inviting.") X(NOT_POSSIBLE, "无法执行。", "That is not possible.") \
	X(MEMBER_MENU, "静音请按1，人数请按0，返回请按井号键。", "To mute yourself press 1. To hear how many are here press 0. To go back press pound.") \
	X(ADMIN_MENU, "静音请按1，锁定会议请按2，移出最后加入的成员请按3，全体静音请按4，邀请请按5，录音请按6，人数请按0，返回请按井号键。", \
		"To mute yourself press 1, to lock the conference 2, to remove the last one who came 3, to mute everybody 4, " \
		"to invite 5, to record 6, to hear how many are here 0. To go back press pound.") \
	X(TIME_IS_UP, "会议时间已到，再见。", "The time of this conference is over. Good bye.") \
	X(CONFERENCE_ENDS, "会议结束，再见。", "The conference has ended. Good bye.") \
	X(LEAVE_MESSAGE, "您呼叫的用户暂时无法接听，请在提示音后留言，按井号键结束。", \
		"Nobody can take your call now. Please leave a message after the tone, followed by the pound key.") \
	X(PRESS_ONE, "留言请按1。", "To leave a message press 1.") \
	X(BOX_FULL, "对方语音信箱已满，再见。", "The mailbox is full. Good bye.") \
	X(TOO_SHORT, "留言太短，请重新留言。", "Your message is too short. Please try again.") \
	X(REVIEW, "保存请按1，收听请按2，重录请按3。", "To keep it press 1, to hear it press 2, to record it again press 3.") \
	X(KEPT_BYE, "留言已保存，再见。", "Your message has been kept. Good bye.") X(KEPT, "已保存。", "Kept.") \
	X(NO_BOX, "没有该语音信箱。", "There is no such mailbox.") X(ENTER_BOX, "请输入信箱号码，按井号键结束。", "Please enter the number of the mailbox, followed by the pound key.") \
	X(YOU_HAVE, "您有", "You have") X(NEW_AND, "条新留言，", "new and") X(OLD_MESSAGES, "条旧留言。", "old messages.") \
	X(BOX_MENU, "听新留言请按1，听旧留言请按2，录制问候语请按3，结束请按井号键。", \
		"For new messages press 1, for old ones 2, to record a greeting 3, to end press pound.") \
	X(FROM, "来自", "From") \
	X(MESSAGE_MENU, "重听请按1，保存请按2，删除请按3，下一条请按4，回拨请按5，返回请按0。", \
		"To hear it again press 1, to save it 2, to delete it 3, for the next one 4, to call back 5, to go back 0.") \
	X(NO_MORE, "没有更多留言。", "There are no more messages.") X(DELETED, "已删除。", "Deleted.") X(SAVED, "已保存。", "Saved.") \
	X(SAY_GREETING, "请在提示音后说出问候语，按井号键结束。", "Please say your greeting after the tone, followed by the pound key.") \
	X(GOOD_BYE, "再见。", "Good bye.")
/* clang-format on */
#define ACD_PHRASE_ID(id, zh, en) ACD_SAY_##id,
enum acd_phrase { ACD_PHRASES(ACD_PHRASE_ID) ACD_SAY_COUNT };

json_t *acd_phrase(const struct acd_tenant *t, enum acd_phrase p); /* a play item */
json_t *acd_spoken_number(const struct acd_tenant *t, int64_t n);
json_t *acd_spoken_digits(const struct acd_tenant *t, const char *number);
#endif
