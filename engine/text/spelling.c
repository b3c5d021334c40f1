/* SPDX-License-Identifier: MIT
 *
 * spelling.c - the table of old, Swiss and variant spellings; rewrite.h tells how it is read.
 *
 * Umlauts are no longer there (fold.c): thur is Thür, granz is Gränz.
 */
#include "text/spelling.h"

/* clang-format off */
static const struct rewrite_row rows[] = {
    /* Double vowels: Waare, Schaar, Schaam, Schaale, Maaß, Schaaf, baar. */
    {"aker", "acker", "^_bau ^_$"},
    {"arheit", "ahrheit", "^w_"},
    {"agony", "agoni", "mah_"},
    {"abinet", "abinett", "_$ _s$ _e$ _en$"},
    {"arnach", "anach", "d_$"},
    {"aa", "a", "w_re sch_r sch_m sch_l m_ss sch_f ^b_r nb_r rb_r tb_r s_me ^st_r$ ^st_re$"},
    /* z for tz, k for ck, as in Southern prints to about 1850: Plaz, Ersaz, Schaz, nakt. */
    {"az", "atz", "pl_$ pl_e$ pl_es$ pl_en$ pl_t pl_ie s_$ s_e$ s_es$ ers_ sch_$ sch_e kr_t "
                  "kr_en ^k_e$ ^k_en$ s_en$ sch_t sch_ung"},
    {"ak", "ack", "^n_t z_en$ schm_$ schm_s schm_e schl_e"},
    /* Militair, Secretair, ordinair. */
    {"ai", "a", "it_r et_r ul_r in_r$ on_r polon_se"},
    {"ain", "an", "pit_"},
    {"ay", "ai", "k_ser m_land h_n$ getr_d"},
    {"ah", "a", "^m_rchen em_lde ^n_mlich ^einm_l$ ^einm_lig zweym_l esm_l dam_l ehem_l iem_l "
                "ochm_l jem_ls zum_l$ m_lerei"},
    {"an", "en", "gr_z"},
    {"achth", "echth", "^_eit"},
    {"auff", "auf", "^_$ ^dar_$ l_en$ l_t$ k_en$ k_t$ k_er$ h_en$"},
    {"addr", "adr", "_ess"},
    {"alp", "alb", "^_traum ^_dr"},
    {"aufwan", "aufwen", "_dig"},

    {"bronc", "bronz", "_e"},
    {"be", "ba", "^_ndel$"},
    {"behen", "behan", "_d"},
    {"bazar", "basar", "^_"},
    {"bisch", "bissch", "^_en$"},
    {"blos", "bloss", "^_$"},
    {"brodt", "brot", "_"},
    {"brod", "brot", "^_$ ^_e$ ^_es$ ^_en$ _chen _korb ^_ge r_$ n_$ z_$"},
    {"banqui", "banki", "_er"},
    {"bettu", "bettt", "_ch"},
    {"brennes", "brennnes", "_sel"},
    {"ballett", "ballettt", "_anz"},
    {"bureau", "buro", "_"},

    {"ch", "k", "^_urf ^_urh"},
    {"ch", "sch", "^_okola ^_ocola"},
    {"coul", "kul", "_iss"},
    {"couv", "kuv", "_ert"},
    {"couri", "kuri", "_er"},
    {"cours", "kurs", "_"},
    {"c", "c", "_h _k _ch"},
    {"c", "z", "ex_"},
    {"c", "ss", "^ra_e fa_ade"},
    /* c: what is no old spelling ... */
    {"c", "c", "^_V$ ^_K$ ^_VK$ ^_VV$ ^_KK$ ^_KV$ ^K_K$ ^K_V$ _$ _s$ _e$ _es$ n_en$ r_en$ _y$ "
               "^m_ _z"},
    {"ca", "ca", "musi_l ^_sar ^_fe ^_se$ ^_ses$ ^_nnes$ ^_r$ ^_rs$ ^_rter ^s_le"},
    {"ce", "ce", "^_nt$ ^_nts$ ^_ll$ ^_lls$ ^_lle$ ^_lt servi_ ressour_ chan_n"},
    {"ci", "ci", "^_ti"},
    {"co", "co", "^_rner ^_st$ ^_ntest ^_mes$ ^_nst$ ^_nstr$ ^_hen ^_rs$ re_rd _nsumer"},
    {"cr", "cr", "_aft$ _afts$"},
    {"cu", "cu", "^_st ^_rie"},
    /* ... or another letter than k and z ... */
    {"c", "tz", "pla_ier pla_ir"},
    /* ... z before e, i, y, and k. */
    {"c", "z", "_e _i _y"},
    {"c", "k", "_a _o _u _l _r _t _c _q _n _m"},

    {"dinte", "tinte", "^_"},
    {"dt", "d", "to_l"},
    {"dt", "dt", "to_r to_ag"},
    {"dt", "t", "to_ ern_e gesche_ gescei_ geschei_ schwer_"},
    {"drath", "drat", "lan_"},
    {"drath", "draht", "^_ r_ l_ n_ s_ g_"},
    {"dess", "des", "^_halb ^_weg ^in_$ ^unter_$"},
    {"diess", "dies", "^_$ ^uber_$ ^_mal"},
    {"dik", "dick", "^_e$ ^_en$ ^_er$ ^_es$ ^_em$ ^_$ ^_lich ^_fl"},
    {"dins", "diens", "^_tag"},
    {"druk", "druck", "_"},
    {"dek", "deck", "^_e$ ^_en$ _el ^_t$ ^_te ^_ung ^ent_t ^ent_e ^ent_u ^be_t ^be_e ^be_u "
                    "^ver_t ^ge_t ^ge_e uber_t"},

    {"entgeld", "entgelt", "_"},
    {"ee", "ee", "th_rd"},
    {"ee", "e", "h_rd am_l sch_r ^s_gel"},
    /* ey stays in what came later. */
    {"ey", "ey", "k_$ k_s$ k_w k_b k_v hock_ voll_ jers_ disn_ mon_$ ^_e troll_"},
    {"ey", "ei", "_"},
    {"ek", "eck", "zw_$ zw_e zw_m zw_l fl_$ fl_e$ fl_en$ fl_ig ^str_t rstr_t gestr_t ^str_e "
                  "rstr_e st_en$ st_t$ erw_ qu_ _ig zw_t drei_ vier_ ^b_en$ rb_en$ schn_e"},
    {"eilf", "elf", "^_$ ^_te"},
    {"ez", "etz", "_t s_en$ s_e$ s_ung s_lich ges_ ^n_e ^n_en ben_e$ ben_en$ ben_t verl_en "
                  "verl_ung h_en$ rs_er ^j_ig"},
    {"eu", "o", "fris_r"},
    {"eu", "ei", "h_rat"},
    {"erwied", "erwid", "_er"},
    {"elung", "lung", "ermitt_ ick_ amm_ and_"},
    {"ehn", "ehen", "st_$ ^g_$ rg_$ fg_$ tg_$ bg_$ sg_$ sch_$ rs_$ ns_$ us_$ ^s_$"},
    {"egypt", "agypt", "^_"},
    {"engel", "angel", "st_"},
    {"englich", "anglich", "schw_"},
    {"eul", "aul", "gr_ich"},
    {"euel", "auel", "gr_"},
    {"euz", "auz", "schn_"},
    {"entch", "antch", "qu_"},

    {"farbest", "farbst", "_off"},
    {"ff", "f", "l_$ r_$ r_en$ l_en$ r_t l_t p_er p_en p_$ p_e$ ellscha_t thscha_t irtscha_t "
                "dscha_t genscha_t senscha_t"},
    {"fieng", "fing", "_"},

    {"geleis", "gleis", "^_$ ^_e$ ^_en$ ^_es$ hn_e$ hn_en$"},
    {"ghett", "gett", "spa_i"},
    {"ghurt", "gurt", "jo_"},
    {"gieng", "ging", "_"},
    {"gieb", "gib", "_$ _t _st"},
    {"gallerie", "galerie", "_"},
    {"gilt", "gult", "_ig"},
    {"gems", "gams", "^_ _e$"},
    {"guit", "git", "^_arr"},

    {"haid", "heid", "^_e"},
    {"hieng", "hing", "_"},
    {"hulf", "hulf", "sc_"},
    {"hulf", "hilf", "_"},
    {"hie", "hier", "^_mit$ ^_durch ^_her$ ^_von$ ^_nach$ ^_bei$ ^_bey ^_zu$ ^_fur$"},
    {"hohofen", "hochofen", "_"},

    /* -iren: not wirt, Hirt, Flirt, Viren, Vampiren. */
    {"ir", "ier", "grav_e serv_e tiv_e viv_e siv_e prov_e"},
    {"ir", "ir", "w_ ^h_t fh_t nh_t rh_t sh_t lh_t dh_t th_t kh_t eh_t fl_t v_tu v_en hh_t "
                 "^s_te schk_en sp_en sat_e vamp_ saph_ tap_ fak_ em_ elix_ kef_ ^_en _r a_ o_"},
    {"ir", "ier", "_en$ _end$ _ende _t$ _te$ _ten$ _tem$ _ter$ _tes$ _test$ _tere _tes _theit "
                  "_ung _bar _lich ss_er rb_er ns_er ul_e$ ol_e$ nd_e$ ss_e$ ot_e$ rv_e$ is_e$ "
                  "ob_e$ stud_z ras_m"},
    {"iss", "is", "n_$ n_b n_d n_f n_g n_h n_k n_l n_m n_r n_th n_v n_w n_z"},
    {"isss", "iss", "n_"},
    {"inn", "in", "er_$ end_$ und_$ st_$ of_$ af_$ onig_$ og_$ dar_$ wor_$ ^dr_$"},
    {"iee", "ie", "_n$"},
    {"iz", "itz", "^h_e erh_e hh_e erh_t geh_t uberh_t h_ung ^sp_ zugesp_ s_t$ s_en$ bes_ "
                  "schn_ schw_t schw_en kr_ bl_$ bl_e bl_t ^w_ig s_ung s_end spr_"},
    {"ik", "ick", "^bl_ genbl_ anbl_ erbl_ einbl_ ^str_$ ^str_en$ ^sch_en$ ^sch_t ^sch_s "
                  "^sch_l gesch_t gesch_l w_el erst_ ^st_st ntw_l besch_"},
    {"itzt", "jetzt", "^_"},

    {"joga", "yoga", "^_$"},
    {"jch", "ich", "^_$"},
    {"jhn", "ihn", "^_"},
    {"jhm", "ihm", "^_$"},
    {"jhr", "ihr", "^_"},

    {"karamel", "karamell", "_$ _b"},
    {"kaffe", "kaffee", "^_$"},
    {"ketsch", "ketch", "_up"},
    {"kontrol", "kontroll", "_e$ _en$ _i"},

    /* Werck, Danck, starck. */
    {"loupe", "lupe", "^_"},
    {"lck", "lk", "vo_ wo_ we_"},
    {"litt", "lit", "_era"},
    {"loos", "los", "^_$ ^_es$ nd_ ht_ r_ n_"},
    {"liqueu", "liko", "_r"},
    {"ltz", "lz", "ho_ sto_ sa_ ma_ schme_"},

    {"mis", "miss", "^_brauch ^_trau ^_handel"},
    {"mogt", "mocht", "^_e verm_e"},
    {"madgen", "madchen", "^_"},
    {"mahlig", "mahlich", "all_"},
    {"malig", "mahlich", "all_"},
    {"maasst", "massst", "_ab"},
    {"mmt", "mt", "sa_"},
    {"mittelst", "mittels", "^_$"},
    {"mayonnai", "majona", "_se"},

    {"nikel", "nickel", "^_"},
    {"nck", "nk", "da_ gede_ kra_ tri_ de_en de_t sche_"},
    {"nemlich", "namlich", "^_"},
    {"ntz", "nz", "^ga_ kra_ gla_ ta_ pri_ provi_ fra_ pfla_"},
    {"numerie", "numerie", "e_"},
    {"numerie", "nummerie", "_r"},
    {"numerir", "nummerier", "_"},
    {"ntial", "nzial", "_"},
    {"ntiell", "nziell", "_"},
    {"napht", "naphth", "_a"},
    {"nuz", "nutz", "_en _t _l _u _b ^_ ab_ be_ ei_"},

    {"oaks", "oks", "c_"},
    {"ontour", "ontur", "c_ k_"},
    {"ofn", "offn", "h_ung ^_en ^_et"},
    {"olt", "ollt", "^w_e$ ^w_en$ ^s_e$ ^s_en$"},
    {"ohren", "oren", "verl_ geb_$ geb_e$"},
    {"ornach", "onach", "w_$"},
    {"oo", "o", "sch_s ^s_le"},
    {"ohks", "oks", "k_"},
    {"oz", "otz", "pl_l"},
    {"ohl", "ol", "^_$ n_$ n_e$ m_$ ^_e$"},
    {"omite", "omitee", "^c_$ ^k_$"},
    {"ontrol", "ontroll", "^c_e$ ^c_en$ ^c_i"},
    {"oxyd", "oxid", "_"},
    {"ok", "ock", "tr_en tr_n gl_e ^l_er fl_e st_w"},
    {"oheit", "ohheit", "^r_ er_"},

    {"ph", "f", "gra_i ogra_ agra_ elegra_ ele_on o_on _oto _antas e_eu ^so_a$ ^so_as ^so_ak "
                "ele_ant kam_er dol_ st_al jose_ ste_an risto_ ^so_ie ^ral_$ ra_ael del_in "
                "dikta_on mega_on ym_on"},
    {"packet", "paket", "_"},
    {"paquet", "paket", "_"},
    {"potasch", "pottasch", "_"},
    {"plazier", "platzier", "_"},
    {"plazir", "platzier", "_"},

    {"rauh", "rau", "^_$ ^_e$ ^_er ^_es$ ^_en$ ^_em$ ^_st ^_reif ^_fas ^_nacht auf_e an_e"},
    {"rck", "rk", "sta_ we_ ma_ me_ wi_"},
    {"rtz", "rz", "schme_ ku_ schwa_ he_en"},
    {"rhee", "ree", "^_d"},
    {"rystal", "ristal", "_"},
    {"ruk", "ruck", "zu_ ^_e ^_w ^_s ^_l ^_g b_e be_s ^_k"},

    {"sulph", "sulf", "_at _id _it _o"},
    {"satyr", "satir", "^_e$ ^_en$ ^_isch"},
    {"shilling", "schilling", "_"},
    {"selbsth", "selbstt", "_ati"},
    {"selbsta", "selbststa", "_nd"},
    {"sechszig", "sechzig", "_"},
    {"siebenz", "siebz", "_ig"},
    {"schiffa", "schifffa", "_hr"},
    {"stilleb", "stillleb", "_en"},
    {"scep", "zep", "^_ter"},
    {"stampel", "stempel", "_"},
    {"sondre", "sondere", "be_"},
    {"styl", "stil", "_$ _s$ _es$ _voll _isir _gef"},
    {"sylb", "sylb", "a_"},
    {"sylb", "silb", "_"},
    {"syrup", "sirup", "_"},
    {"symph", "sinf", "^_on"},
    {"stop", "stopp", "^_$"},
    {"stuk", "stuck", "_$ _e$ _en$ _es$ _s"},

    /* th: not where t and h meet ... */
    {"tha", "tha", "_lt _lb _ll _lfte _ld _ar _fen _lo _lam _li ph_l _tte _tch gu_b _us _up "
                   "_uf _ut _uch _se _ft _ng _nd _hn lo_r _les$ ro_ _lsi"},
    {"the", "the", "gu_is _is _im _iz geis_il christ_il _urg _lf _lm _rz _rr _ll _ft pro_s "
                   "bro_r ro_rm ro_ra no_k no_is no_r$ no_ra no_rm lo_r lo_k wer_r ma_m ^ra_r$ "
                   "_rb _rd p_i p_e stad_ilig pro_t _at"},
    {"thi", "thi", "_erarch _erauf _err ber_er gau_er _lf _mmel _rsch no_ng lo_o ra_$ oro_az "
                   "dro_on"},
    {"tho", "tho", "au_r _riu _rax _rac _rst _rn _ra _rp _rt _riz _rmo gas_r _no _ng _ny _ch "
                   "_f _h _lz ro_ ra_ mi_r"},
    {"thr", "thr", "do_o pro_o lo_i"},
    {"thu", "thu", "_nd _nger _tt _tz ar_r winter_r solo_rn _ring _rgau _rn _rsd _rr _rd pos_m "
                   "_mo _mb _ma _mm _mi _hn ra_s"},
    {"th", "th", "py_ doro_ ro_y ro_sc no_y clo_ lo_y ra_y"},
    /* ... Rathhaus, selbst(t)hätig, Draht ... */
    {"tha", "ta", "_t _l ^_u auf_u be_u ab_u ge_n unter_n ver_n"},
    {"the", "te", "_il ver_id _er ^_e _ue _ur ^ru_$ ^ru_n$ lru_ nru_ sru_ spa_ ^ko_s$ ^ko_$ "
                  "^bo_n ^bo_$ ^a_m nga_m ^par_i gu_r$ hu_n$ pan_r"},
    {"thi", "ti", "^_er _er ko_g terpen_n ^par_e$ go_s go_k"},
    {"tho", "to", "_r ^_n en_n$ en_n er_n ka_d"},
    {"thr", "tr", "_an"},
    {"thu", "tu", "_u _n _t$ _e$ ^_$ _st$ _r _m"},
    {"th", "t", "_h no_ ro_ lo_ nu_ ra_ mu_ wu_ flu_ glu_ blu_ wer_ wir_ spa_$ spa_s ^ko_$ "
                "bo_sch gebo_ verbo_ fbo_ entbo_ bie_ rie_ mie_ a_m na_m heima_ mona_ tragan_ "
                "gebur_ gu_$ hu_$ behu_ verhu_ mau_ arti_"},
    {"tipp", "tipp", "_"},
    {"tip", "tipp", "^_$ ^_s$"},
    {"tolpat", "tollpat", "_sch"},
    {"tyrol", "tyrol", "s_"},
    {"tyrol", "tirol", "_"},
    {"troz", "trotz", "_$ _d _e"},

    {"uk", "uck", "gl_$ gl_l gl_s gl_t"},
    {"uruh", "uru", "kang_$ kang_s$"},
    {"unacht", "unecht", "^_$ ^_e$ ^_en$ ^_er$ ^_es$"},
    {"uz", "utz", "sch_ schm_ ^p_en p_t$ st_t st_e st_p st_u n_ig"},
    {"uker", "ucker", "z_"},
    {"uken", "ucken", "br_"},

    {"vr", "ur", "^_t"},
    {"vn", "un", "^_t ^_gl ^_ser"},
    {"vnd", "und", "^_"},
    {"vns", "uns", "^_"},
    {"verbleu", "verblau", "_e"},

    {"wurtem", "wurttem", "_berg"},
    {"waagrecht", "waagerecht", "_"},
    {"wagerecht", "waagerecht", "_"},
    {"wagrecht", "waagerecht", "_"},
    {"winkelig", "winklig", "_"},
    {"wol", "wohl", "^_$ ob_$ so_$ ja_$ gleich_$"},
    {"wurk", "wirk", "^_e ^_u ^_l ^_s ge_t"},
    {"wittw", "witw", "_"},
    {"wess", "wes", "^_halb ^_weg"},

    {"yps", "ips", "g_"},
    {"yacht", "jacht", "_"},

    {"zierat", "zierrat", "_"},
    {"zuk", "zuck", "_er"},
};
/* clang-format on */

void spelling_open(struct rewrite *rewrite)
{
    rewrite_prepare(rewrite, rows, sizeof rows / sizeof *rows);
}
